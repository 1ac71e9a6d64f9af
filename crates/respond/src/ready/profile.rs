//! How long logs must be at hand and be kept, by the rules that teams are bound by. Figures only; which of them bind you is not for a
//! program to say.

use serde::Serialize;

/// A duty, or a plain default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// Its name on the command line.
    pub id: &'static str,
    /// Days that can be searched at once.
    pub at_hand_days: i64,
    /// Days that can be got back.
    pub kept_days: i64,
    /// Where the figures are from.
    pub source: &'static str,
}

/// All profiles, the default first.
pub const PROFILES: [Profile; 6] = [
    Profile { id: "default", at_hand_days: 90, kept_days: 400, source: "muster's own default" },
    Profile { id: "m-26-14", at_hand_days: 183, kept_days: 365, source: "OMB M-26-14 (US federal)" },
    Profile { id: "m-21-31", at_hand_days: 365, kept_days: 913, source: "OMB M-21-31 (US federal, before M-26-14)" },
    Profile { id: "pci-dss", at_hand_days: 92, kept_days: 365, source: "PCI DSS 10.5.1" },
    Profile { id: "cert-in", at_hand_days: 180, kept_days: 180, source: "CERT-In directions (India)" },
    Profile { id: "hipaa", at_hand_days: 90, kept_days: 2_192, source: "HIPAA 164.316 (documentation)" },
];

/// The profile of that name.
pub fn profile(id: &str) -> Option<Profile> {
    PROFILES.into_iter().find(|p| p.id == id)
}
