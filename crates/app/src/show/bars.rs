//! Counts as bars on the terminal.

use event::text::harmless;

/// A bar.
pub struct Bar {
    /// What is counted.
    pub name: String,
    /// How many.
    pub count: u64,
    /// Words behind the bar.
    pub note: String,
}

/// The widest bar.
const WIDEST: u64 = 40;
/// The longest name.
const NAME_MAX: usize = 46;

/// Bars one below the other, the longest for the largest count. What was counted at all has a bar that can be seen.
pub fn bars(bars: &[Bar]) -> String {
    let most = bars.iter().map(|b| b.count).max().unwrap_or(0).max(1);
    let names: Vec<String> = bars.iter().map(|b| cut(&harmless(&b.name))).collect();
    let name_width = names.iter().map(|n| n.chars().count()).max().unwrap_or(0);
    let count_width = bars.iter().map(|b| b.count.to_string().len()).max().unwrap_or(0);
    let one = |(b, name): (&Bar, &String)| {
        let long = u128::from(b.count) * u128::from(WIDEST) / u128::from(most);
        let bar = "█".repeat(usize::try_from(long).unwrap_or(0).max(usize::from(b.count > 0)));
        let pad = " ".repeat(name_width - name.chars().count());
        format!("{name}{pad}  {:>count_width$}  {bar} {}", b.count, harmless(&b.note)).trim_end().to_owned() + "\n"
    };
    bars.iter().zip(&names).map(one).collect()
}

/// The end of a name says more than its beginning: `…/assumed-role/ci/run-17`.
fn cut(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME_MAX { name.to_owned() } else { std::iter::once('…').chain(name.chars().skip(count + 1 - NAME_MAX)).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fit_and_show_the_least() {
        let bar = |name: &str, count| Bar { name: name.into(), count, note: String::new() };
        let text = bars(&[bar(&"x".repeat(300), u64::MAX), bar("y", 1), bar("z\u{1b}", 0)]);
        assert!(text.lines().all(|l| l.chars().count() <= 120), "{text}");
        assert_eq!(text.lines().map(|l| l.matches('█').count()).collect::<Vec<_>>(), [40, 1, 0]);
        assert!(!text.contains('\u{1b}'));
    }
}
