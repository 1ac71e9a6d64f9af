//! `muster next`: the steps that the open case calls for.

use respond::Step;

use crate::{
    cli::{Exit, Global},
    command::clocks,
    show,
};

/// The next steps of a case: who does what, where, and what to do where it cannot be done
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  muster next\n  muster next --case c-20260304-1 --json\n  muster case done 'stolen-credential/disable-key@credential:AKIA…' --outcome 'disabled 10:12'"
)]
pub struct Args {
    /// The case; the newest open one by default
    #[arg(long, value_name = "ID")]
    case: Option<String>,
}

impl Args {
    /// Runs the command.
    pub fn run(self, g: &Global) -> anyhow::Result<Exit> {
        let (_, brief) = clocks::of_case(g, self.case.as_deref())?;
        if g.json {
            show::json(&brief.next)?;
        } else {
            for (n, step) in brief.next.iter().enumerate() {
                show::out(text(n + 1, step).as_bytes())?;
            }
            if brief.next.is_empty() {
                show::line("nothing more is called for; `muster case show` has what was done")?;
            }
        }
        Ok(Exit::Done)
    }
}

fn text(n: usize, s: &Step) -> String {
    let mut lines = vec![format!("{n:>2}. [{}] {}", s.phase.name(), s.title)];
    let mut put = |name: &str, value: &str| {
        if !value.is_empty() {
            lines.push(format!("      {name}: {}", show::harmless(value)));
        }
    };
    put("who", &s.who.as_ref().map_or_else(|| format!("{} (nobody named)", s.role), |p| format!("{}, {}: {} {}", s.role, p.name, p.channel, p.value)));
    let why = if s.why.is_empty() { String::new() } else { format!(" ({})", s.why.join(", ")) };
    put("because", &format!("{}{why}", s.because));
    put("possible", &format!("{} {}", show::word(&s.can), s.note));
    put("save first", &s.before.join("; "));
    s.act.iter().for_each(|a| put("do", a));
    put("instead", s.instead.as_deref().unwrap_or_default());
    put("undo", &s.undo.join("; "));
    put("key", &s.key);
    lines.join("\n") + "\n"
}
