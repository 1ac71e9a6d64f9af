//! The plan: playbooks, roles, clocks. Owns reading them, what is true of a scope (`facts`), which step comes next (`next`)
//! and which deadline runs (`clock`). Never does a step, never knows what time it is.

mod check;
mod clock;
mod facts;
mod fill;
mod next;
mod read;
mod trails;

use std::collections::BTreeMap;

use event::Time;
use serde::{Deserialize, Serialize};

pub use check::check;
pub use clock::{Clock, ClockState, FIRST_QUESTION, NOT_LEGAL_ADVICE, Rule, Unit, clocks};
pub(crate) use facts::holder_of_data;
pub use facts::{Condition, Fact, facts};
pub(crate) use fill::shell_word;
pub use next::{Step, next_steps};
pub(crate) use trails::stops_log;

use crate::{Problem, registry::Capability, yaml};

/// The phases of CSA's Cloud Incident Response framework; containment to recovery is one phase there and three acts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Before anything happened.
    Preparation,
    /// Detection and analysis.
    Detection,
    /// Stop it from going on.
    Containment,
    /// Take away what the intruder left.
    Eradication,
    /// Back to work.
    Recovery,
    /// What was learned.
    Postmortem,
}

impl Phase {
    /// All phases in order.
    pub const ALL: [Phase; 6] = [Phase::Preparation, Phase::Detection, Phase::Containment, Phase::Eradication, Phase::Recovery, Phase::Postmortem];

    /// The name in files and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Preparation => "preparation",
            Phase::Detection => "detection",
            Phase::Containment => "containment",
            Phase::Eradication => "eradication",
            Phase::Recovery => "recovery",
            Phase::Postmortem => "postmortem",
        }
    }
}

/// One step as a playbook states it.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRule {
    /// Id within its playbook.
    pub id: String,
    /// What to do, in a few words with placeholders.
    pub title: String,
    /// Phase.
    pub phase: Phase,
    /// NIST CSF 2.0 ids (`RS.MI-01`).
    pub csf: Vec<String>,
    /// Role that does it; `owner` is the owner of the thing.
    pub role: String,
    /// Conditions that call for it, any of them; once for each thing that meets one.
    pub when: Vec<Condition>,
    /// Conditions that make it needless.
    pub unless: Vec<Condition>,
    /// Whether it is done once for the case, however many things meet the condition.
    pub once: bool,
    /// Capability that it needs at the thing.
    pub needs: Option<Capability>,
    /// Evidence to save before.
    pub before: Vec<String>,
    /// Commands or acts.
    pub act: Vec<String>,
    /// How to take it back.
    pub undo: Vec<String>,
    /// What to do where the capability is missing.
    pub instead: Option<String>,
    /// Steps of the same playbook that come first.
    pub after: Vec<String>,
    /// Line in the file.
    pub line: usize,
}

/// A playbook.
#[derive(Clone, Debug, PartialEq)]
pub struct Playbook {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// File.
    pub file: String,
    /// Steps in their order.
    pub steps: Vec<StepRule>,
}

/// Who fills a role.
#[derive(Clone, Debug, PartialEq)]
pub struct Role {
    /// First: `user:dana`, or a name.
    pub person: String,
    /// Second.
    pub deputy: Option<String>,
    /// Line in the file.
    pub line: usize,
    /// File.
    pub file: String,
}

/// The plan of a team, with the playbooks that it uses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Name of the plan; nothing where the team has none.
    pub name: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Last review.
    pub last_review: Option<Time>,
    /// Next drill.
    pub next_drill: Option<Time>,
    /// Who fills which role.
    pub roles: BTreeMap<String, Role>,
    /// Severity levels with the minutes within which somebody must respond, in order.
    pub severity: Vec<Severity>,
    /// Ids of clock rules that bind the team; `None`: the plan does not say, all rules are shown as possible.
    pub binds: Option<Vec<String>>,
    /// Where the plan says so: file and line.
    pub binds_at: (String, usize),
    /// Playbooks.
    pub playbooks: Vec<Playbook>,
    /// Clock rules.
    pub rules: Vec<Rule>,
}

/// One level of severity.
#[derive(Clone, Debug, PartialEq)]
pub struct Severity {
    /// `P1`…
    pub level: String,
    /// When it applies, in words.
    pub when: String,
    /// Minutes to the first response.
    pub respond_min: Option<u64>,
}

impl Plan {
    /// Reads playbooks (`playbook:`), clock rules (`clocks:`) and the team's plan (`plan:`), told apart by their keys.
    pub fn load(files: &[(String, String)]) -> (Plan, Vec<Problem>) {
        let (mut plan, mut problems) = (Plan::default(), Vec::new());
        for (file, text) in files {
            for node in yaml::read(file, text, &mut problems) {
                read::document(file, &node, &mut plan, &mut problems);
            }
        }
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        (plan, problems)
    }
}

/// The playbooks and clocks that come with muster.
pub fn builtin() -> Vec<(String, String)> {
    let own = [
        ("playbooks/stolen-credential.yml", include_str!("../../../../playbooks/stolen-credential.yml")),
        ("playbooks/clocks.yml", include_str!("../../../../playbooks/clocks.yml")),
    ];
    own.into_iter().map(|(f, t)| (f.to_owned(), t.to_owned())).collect()
}
