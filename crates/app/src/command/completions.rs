//! `muster completions SHELL`: a completion script for the shell.

use clap::{CommandFactory, ValueEnum};

use crate::cli::Exit;

/// Print a completion script for a shell
#[derive(clap::Args)]
#[command(after_help = "Example:\n  muster completions bash > /etc/bash_completion.d/muster")]
pub struct Args {
    /// bash, zsh, fish, elvish or powershell
    #[arg(value_enum)]
    shell: Shell,
}

/// The shells that clap can write completions for.
#[derive(Clone, Copy, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Elvish,
    Powershell,
}

impl Args {
    /// Runs the command; `C` is the whole command line.
    pub fn run<C: CommandFactory>(self) -> anyhow::Result<Exit> {
        use clap_complete::Shell as S;
        let shell = match self.shell {
            Shell::Bash => S::Bash,
            Shell::Zsh => S::Zsh,
            Shell::Fish => S::Fish,
            Shell::Elvish => S::Elvish,
            Shell::Powershell => S::PowerShell,
        };
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut C::command(), "muster", &mut script);
        crate::show::out(&script)?;
        Ok(Exit::Done)
    }
}
