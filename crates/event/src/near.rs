//! Names that are near to one that was typed: what somebody may have meant.
//! Never decides whether it was meant.

/// The name most like `wanted`, if one is like it at all (a third of its letters may differ, and at least one).
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (wanted.chars().count() / 3).max(1);
    ranked(wanted, names, allowed).into_iter().find(|(far, _)| *far <= allowed).map(|(_, n)| n)
}

/// The names most like `wanted`, best first: those that differ little, and those that hold it or are held by it.
pub fn alike<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let allowed = (wanted.chars().count() / 3).max(2);
    let lower = wanted.to_lowercase();
    let holds = |n: &str| wanted.len() >= 3 && n.len() >= 3 && (n.to_lowercase().contains(&lower) || lower.contains(&n.to_lowercase()));
    let mut found: Vec<&str> = ranked(wanted, names, allowed).into_iter().filter(|(far, n)| *far <= allowed || holds(n)).map(|(_, n)| n).collect();
    found.dedup();
    found.truncate(most);
    found
}

/// Names by their distance; those whose length alone puts them beyond `allowed` are not measured.
fn ranked<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>, allowed: usize) -> Vec<(usize, &'a str)> {
    let lower = wanted.to_lowercase();
    let far = |n: &str| n.len().abs_diff(lower.len()) > allowed * 4; // A character has at most four bytes.
    let measure = |n: &str| if far(n) { usize::MAX } else { distance(&lower, &n.to_lowercase(), allowed) };
    let mut all: Vec<(usize, &str)> = names.into_iter().map(|n| (measure(n), n)).collect();
    all.sort_unstable();
    all
}

/// Edits between two texts (insert, delete, replace, swap of neighbours); what is beyond `allowed`, or longer than 128
/// characters, counts as far apart.
fn distance(a: &str, b: &str, allowed: usize) -> usize {
    const MAX: usize = 128;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(MAX + 1).collect(), b.chars().take(MAX + 1).collect());
    if a.len() > MAX || b.len() > MAX || a.len().abs_diff(b.len()) > allowed {
        return usize::MAX;
    }
    let (mut before, mut last): (Vec<usize>, Vec<usize>) = (Vec::new(), (0..=b.len()).collect());
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut best = (at(&last, j) + usize::from(ca != cb)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(cb) && b.get(j - 1) == Some(ca);
            if swapped {
                best = best.min(at(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_meant() {
        assert_eq!(nearest("team-plaform", ["team-data", "team-platform"]), Some("team-platform"));
        assert_eq!(nearest("ownre", ["owner", "system"]), Some("owner"));
        assert_eq!(nearest("zzz", ["owner", "system"]), None);
        assert_eq!(alike("web", ["web-1", "db-1", "bastion-1"], 3), ["web-1"]);
        assert_eq!(alike(&"x".repeat(500), ["x"], 3), Vec::<&str>::new());
    }
}
