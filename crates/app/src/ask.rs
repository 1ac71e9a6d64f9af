//! What a person typed, made into entities that the logs know; and the folders of registry and plan, read.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use event::{Column, Entity, Filter, Kind};
use lake::Lake;

use crate::cli::{Global, WrongUse};

/// How many names that are near to an unknown one are shown.
const NEAREST: usize = 5;
/// How many distinct values of a column are looked through for names.
const NAMES_MAX: usize = 200_000;

/// An indicator, found or not.
#[derive(Debug)]
pub struct Found {
    /// As typed.
    pub asked: String,
    /// What it means in these logs; empty if they have nothing of it.
    pub entities: Vec<Entity>,
    /// What was looked for.
    pub searched: Vec<Entity>,
    /// Names in the logs that are near to it, if nothing was found.
    pub nearest: Vec<Entity>,
}

/// Finds what an indicator means in the logs. A bare name may be a host, a user on any machine, or a resource.
pub fn find(lake: &Lake, asked: &str) -> anyhow::Result<Found> {
    let searched = Entity::guess(asked);
    if searched.is_empty() {
        return Err(WrongUse("an empty indicator; give an address, user, host, credential or resource".into()).into());
    }
    let mut entities = Vec::new();
    for e in &searched {
        if lake.count(&Filter::touching(std::slice::from_ref(e)))? > 0 {
            entities.push(e.clone());
        }
    }
    let bare = searched.len() > 1 || (searched.iter().all(|e| e.kind == Kind::User) && !asked.contains('@') && !asked.contains("arn:"));
    if bare {
        entities.extend(by_short_name(lake, asked)?.into_iter().filter(|e| !searched.contains(e)));
    }
    let nearest = if entities.is_empty() { nearest(lake, &searched)? } else { Vec::new() };
    Ok(Found { asked: asked.to_owned(), entities, searched, nearest })
}

/// `alice` is `alice@web-1` and `arn:aws:iam::…:user/alice`; `customer-exports` is the bucket of that name; `db-1` is `db-1.example`.
fn by_short_name(lake: &Lake, asked: &str) -> anyhow::Result<Vec<Entity>> {
    let name = asked.split_once(':').filter(|(k, _)| Kind::ALL.iter().any(|kind| kind.name() == *k)).map_or(asked, |(_, v)| v);
    let mut found = Vec::new();
    for (column, fits) in [
        (Column::User, is_user as fn(&str, &str) -> bool),
        (Column::TargetUser, is_user),
        (Column::Host, |value, name| value.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))),
        (Column::Resource, |value, name| value.rsplit([':', '/']).next() == Some(name)),
    ] {
        let Some(kind) = column.kind() else { continue };
        for value in lake.distinct(column, NAMES_MAX)? {
            let e = Entity { kind, value };
            if fits(&e.value, name) && !found.contains(&e) {
                found.push(e);
            }
        }
    }
    Ok(found)
}

fn is_user(value: &str, name: &str) -> bool {
    value.split_once('@').is_some_and(|(user, _)| user == name)
        || value.strip_suffix(name).is_some_and(|rest| rest.ends_with("user/") || rest.ends_with("role/"))
}

/// The values in the logs that are most like what was asked.
fn nearest(lake: &Lake, searched: &[Entity]) -> anyhow::Result<Vec<Entity>> {
    let mut found = Vec::new();
    for wanted in searched {
        for &column in Column::ALL.iter().filter(|c| c.kind() == Some(wanted.kind)) {
            let values = lake.distinct(column, NAMES_MAX)?;
            for value in respond::words::alike(&wanted.value, values.iter().map(String::as_str), NEAREST) {
                let e = Entity { kind: wanted.kind, value: value.to_owned() };
                if !found.contains(&e) {
                    found.push(e);
                }
            }
        }
    }
    found.truncate(NEAREST);
    Ok(found)
}

/// The YAML files of a folder (and below), sorted by path, as (path, text).
pub fn yaml_files(dir: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if kind.is_dir() && !hidden {
                folders.push(path);
            } else if kind.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                let bytes = std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
                files.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
            }
        }
    }
    files.sort();
    Ok(files)
}

/// The registry as it can be read; its faults are `muster check`'s to tell, here they are only counted.
pub fn registry(g: &Global) -> anyhow::Result<respond::Registry> {
    let (registry, problems) = respond::Registry::load(&registry_files(g)?);
    if !problems.is_empty() {
        eprintln!("muster: the registry has {} problems, what could be read is used; see `muster check`", problems.len());
    }
    Ok(registry)
}

/// The files of the registry: the folder named, or `./registry`, or none.
pub fn registry_files(g: &Global) -> anyhow::Result<Vec<(String, String)>> {
    folder(g.registry.as_deref(), "registry")
}

/// The files of the plan: the folder named, or `./plan`, or none; the playbooks that come with muster are beside them.
pub fn plan_files(g: &Global) -> anyhow::Result<Vec<(String, String)>> {
    folder(g.plan.as_deref(), "plan")
}

fn folder(named: Option<&Path>, default: &str) -> anyhow::Result<Vec<(String, String)>> {
    match named {
        Some(dir) if !dir.is_dir() => bail!("no folder at {}; make one with `muster init`, or leave the option out", dir.display()),
        Some(dir) => yaml_files(dir),
        None if Path::new(default).is_dir() => yaml_files(&PathBuf::from(default)),
        None => Ok(Vec::new()),
    }
}

/// What to tell somebody whose indicator is in no log: what was searched, and what is near.
pub fn unknown(found: &Found) -> String {
    let list = |es: &[Entity]| es.iter().map(Entity::to_string).collect::<Vec<_>>().join(", ");
    let near = if found.nearest.is_empty() { String::new() } else { format!("; nearest in the logs: {}", list(&found.nearest)) };
    format!("no log has anything of `{}` (searched as {}){near}", crate::show::harmless(&found.asked), list(&found.searched))
}

/// Registry and plan of the team, with the playbooks that come with muster.
pub fn team(g: &Global) -> anyhow::Result<crate::flow::answer::Team> {
    let registry = registry(g)?;
    let (plan, problems) = plan(g)?;
    if !problems.is_empty() {
        eprintln!("muster: the plan has {} problems, what could be read is used; see `muster check`", problems.len());
    }
    Ok(crate::flow::answer::Team { registry, plan })
}

/// The team's plan over muster's own playbooks.
pub fn plan(g: &Global) -> anyhow::Result<(respond::Plan, Vec<respond::Problem>)> {
    let mut files = respond::plan::builtin();
    files.extend(plan_files(g)?);
    Ok(respond::Plan::load(&files))
}
