//! The files that `muster init` writes. Texts only; the caller writes them.

/// Path below the folder, and text, of each file.
pub fn init_files() -> &'static [(&'static str, &'static str)] {
    &[
        ("muster.toml", include_str!("../templates/muster.toml")),
        ("registry/team.yaml", include_str!("../templates/registry/team.yaml")),
        ("registry/system.yaml", include_str!("../templates/registry/system.yaml")),
        ("registry/vendor.yaml", include_str!("../templates/registry/vendor.yaml")),
        ("plan/plan.yml", include_str!("../templates/plan/plan.yml")),
    ]
}
