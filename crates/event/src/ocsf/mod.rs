//! OCSF 1.8: classes, their activities, and the attributes that muster fills.
//!
//! Source: the OCSF schema, version 1.8.0 (schema.ocsf.io).

pub mod attr;
pub mod class;

pub use attr::Attr;
pub use class::Class;

/// The version that `metadata.version` names.
pub const VERSION: &str = "1.8.0";
