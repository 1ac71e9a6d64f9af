//! The rules that muster brings: `rules/AREA/NAME.yml`, each with samples beside it. A new one is a line here.

use crate::{Rule, compile};

macro_rules! ours {
    ($($path:literal)*) => {
        /// File name and text of each rule, in order of their names.
        pub const OURS: &[(&str, &str)] = &[$(($path, include_str!(concat!("../../../", $path)))),*];
    };
}

ours! {
    "rules/aws/access_key_created.yml"
    "rules/aws/attack_tool_user_agent.yml"
    "rules/aws/logging_disabled.yml"
    "rules/aws/secret_read_denied.yml"
    "rules/linux/account_created.yml"
    "rules/linux/program_in_temp_folder.yml"
    "rules/linux/reverse_shell.yml"
    "rules/linux/ssh_root_login.yml"
    "rules/linux/sudo_to_root_shell.yml"
}

/// Our rules, compiled. All compile: a test holds them to it.
pub fn ours() -> Vec<Rule> {
    OURS.iter().flat_map(|(path, text)| compile(text, path)).filter_map(Result::ok).collect()
}
