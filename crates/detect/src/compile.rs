//! Sigma text to rules: conditions and detections to one `Filter`.

use event::Filter;
use rsigma_parser::{ConditionExpr, Detection, DetectionItem, Detections, FieldSpec, Quantifier, SelectorPattern, SigmaRule, SigmaValue, parse_sigma_yaml};

use crate::{
    Level, Reason, Refusal, Rule, field,
    route::{Route, route},
    value::{Manner, name},
};

/// Largest rule file that is read, in bytes. The largest of SigmaHQ's has 16 KiB.
const RULE_BYTES_MAX: usize = 256 << 10;
/// How deep a condition may nest.
const DEPTH_MAX: usize = 64;

/// Reads the documents of a Sigma file: each comes to a rule, or to a refusal that names it. `file` is what the refusals call it.
pub fn compile(text: &str, file: &str) -> Vec<Result<Rule, Refusal>> {
    let refuse = |rule: Option<&str>, reason| Err(Refusal { file: file.to_owned(), rule: rule.map(str::to_owned), reason });
    if text.len() > RULE_BYTES_MAX {
        return vec![refuse(None, Reason::Size { bytes: text.len(), limit: RULE_BYTES_MAX })];
    }
    let found = match parse_sigma_yaml(text) {
        Ok(found) => found,
        Err(e) => return vec![refuse(None, Reason::Syntax(e.to_string()))],
    };
    // The parser reports some faults beside a rule that it gives out all the same (a level that does not exist).
    if let ([only], [fault, ..]) = (found.rules.as_slice(), found.errors.as_slice()) {
        return vec![refuse(Some(&only.title), Reason::Syntax(fault.clone()))];
    }
    let mut all: Vec<Result<Rule, Refusal>> = found.errors.iter().map(|e| refuse(None, Reason::Syntax(e.clone()))).collect();
    all.extend(found.rules.iter().map(|r| rule(r, file).or_else(|reason| refuse(Some(&r.title), reason))));
    all.extend(found.correlations.iter().map(|c| refuse(Some(&c.title), Reason::Kind("a correlation"))));
    all.extend(found.filters.iter().map(|f| refuse(Some(&f.title), Reason::Kind("a filter"))));
    if all.is_empty() {
        all.push(refuse(None, Reason::Syntax("no rule in it".to_owned())));
    }
    all
}

fn rule(rule: &SigmaRule, file: &str) -> Result<Rule, Reason> {
    if rsigma_parser::version::is_unsupported(rule.sigma_version) {
        return Err(Reason::Kind("this version of Sigma"));
    }
    let route = route(&rule.logsource)?;
    let filter = Filter::And(vec![route.filter.clone(), detections(&rule.detection, &route)?]);
    let tags: Vec<&str> = rule.tags.iter().filter_map(|t| t.strip_prefix("attack.")).collect();
    let is_technique = |t: &str| t.strip_prefix('t').is_some_and(|n| n.starts_with(|c: char| c.is_ascii_digit()));
    Ok(Rule {
        id: rule.id.clone().unwrap_or_else(|| rule.title.clone()),
        title: rule.title.clone(),
        description: rule.description.as_deref().unwrap_or_default().trim().to_owned(),
        level: rule.level.map_or(Level::Informational, level),
        file: file.to_owned(),
        techniques: tags.iter().filter(|t| is_technique(t)).map(|t| t.to_uppercase()).collect(),
        // Groups and software (`attack.g0016`, `attack.s0002`) are neither.
        tactics: tags.iter().filter(|t| !t.contains(|c: char| c.is_ascii_digit())).map(|t| t.replace('_', "-")).collect(),
        filter,
    })
}

fn level(level: rsigma_parser::Level) -> Level {
    match level {
        rsigma_parser::Level::Informational => Level::Informational,
        rsigma_parser::Level::Low => Level::Low,
        rsigma_parser::Level::Medium => Level::Medium,
        rsigma_parser::Level::High => Level::High,
        rsigma_parser::Level::Critical => Level::Critical,
    }
}

fn detections(d: &Detections, route: &Route) -> Result<Filter, Reason> {
    if let Some(frame) = &d.timeframe {
        return Err(Reason::Condition(format!("a time frame ({frame}) needs a correlation")));
    }
    let ways = d.conditions.iter().map(|c| Compiler { d, route }.condition(c, 0)).collect::<Result<Vec<_>, _>>()?;
    // Several conditions are alternatives.
    any(ways).ok_or_else(|| Reason::Condition("there is none".to_owned()))
}

fn any(mut filters: Vec<Filter>) -> Option<Filter> {
    if filters.len() > 1 { Some(Filter::Or(filters)) } else { filters.pop() }
}

fn all(mut filters: Vec<Filter>) -> Option<Filter> {
    if filters.len() > 1 { Some(Filter::And(filters)) } else { filters.pop() }
}

struct Compiler<'a> {
    d: &'a Detections,
    route: &'a Route,
}

impl Compiler<'_> {
    fn condition(&self, c: &ConditionExpr, depth: usize) -> Result<Filter, Reason> {
        if depth > DEPTH_MAX {
            return Err(Reason::Condition(format!("nested deeper than {DEPTH_MAX}")));
        }
        let each = |list: &[ConditionExpr]| list.iter().map(|c| self.condition(c, depth + 1)).collect::<Result<Vec<_>, _>>();
        match c {
            ConditionExpr::And(list) => Ok(Filter::And(each(list)?)),
            ConditionExpr::Or(list) => Ok(Filter::Or(each(list)?)),
            ConditionExpr::Not(inner) => Ok(Filter::Not(Box::new(self.condition(inner, depth + 1)?))),
            ConditionExpr::Identifier(name) => {
                // The parser takes any word here.
                let found = self.d.named.get(name).ok_or_else(|| Reason::Condition(format!("no detection is named `{name}`")))?;
                self.detection(found, depth + 1)
            }
            ConditionExpr::Selector { quantifier, pattern } => self.selector(quantifier, pattern, depth),
        }
    }

    fn selector(&self, quantifier: &Quantifier, pattern: &SelectorPattern, depth: usize) -> Result<Filter, Reason> {
        let mut names: Vec<&String> = self.d.named.keys().filter(|n| pattern.matches_detection_name(n)).collect();
        names.sort();
        let found = names.iter().filter_map(|n| self.d.named.get(*n)).map(|d| self.detection(d, depth + 1)).collect::<Result<Vec<_>, _>>()?;
        let none = || Reason::Condition(format!("no detection is named like `{pattern}`"));
        match quantifier {
            Quantifier::Any | Quantifier::Count(1) => any(found).ok_or_else(none),
            Quantifier::All => all(found).ok_or_else(none),
            Quantifier::Count(n) => Err(Reason::Condition(format!("`{n} of` is not supported"))),
        }
    }

    fn detection(&self, d: &Detection, depth: usize) -> Result<Filter, Reason> {
        if depth > DEPTH_MAX {
            return Err(Reason::Condition(format!("nested deeper than {DEPTH_MAX}")));
        }
        let each = |list: &[Detection]| list.iter().map(|d| self.detection(d, depth + 1)).collect::<Result<Vec<_>, _>>();
        let empty = || Reason::Condition("a detection is empty".to_owned());
        match d {
            Detection::AllOf(items) => all(items.iter().map(|i| self.item(i)).collect::<Result<_, _>>()?).ok_or_else(empty),
            Detection::AnyOf(list) => any(each(list)?).ok_or_else(empty),
            Detection::And(list) => all(each(list)?).ok_or_else(empty),
            Detection::Keywords(values) => self.words(&FieldSpec::new(None, Vec::new()), values),
            Detection::ArrayMatch { field, .. } => Err(Reason::Field(field.clone())),
            Detection::Conditional { .. } => Err(Reason::Condition("a condition inside a detection".to_owned())),
        }
    }

    fn item(&self, item: &DetectionItem) -> Result<Filter, Reason> {
        let Some(field) = &item.field.name else { return self.words(&item.field, &item.values) };
        let read = self.route.fields.iter().find(|(f, _)| f == field).map(|(_, read)| *read).ok_or_else(|| Reason::Field(field.clone()))?;
        self.values(&item.field, &item.values, |asked| field::filter(field, read, asked))
    }

    /// Words anywhere in the log's own text.
    fn words(&self, field: &FieldSpec, values: &[SigmaValue]) -> Result<Filter, Reason> {
        if self.route.words.is_empty() {
            return Err(Reason::Keywords);
        }
        let mut anywhere = field.clone();
        anywhere.modifiers.retain(|m| *m != rsigma_parser::Modifier::Contains);
        anywhere.modifiers.push(rsigma_parser::Modifier::Contains);
        self.values(&anywhere, values, |test| {
            let columns = self.route.words.iter().map(|&c| field::filter("keywords", field::Read::Text(c), test.clone()));
            Ok(Filter::Or(columns.collect::<Result<_, _>>()?))
        })
    }

    fn values(&self, field: &FieldSpec, values: &[SigmaValue], filter: impl Fn(crate::value::Test) -> Result<Filter, Reason>) -> Result<Filter, Reason> {
        let manner = Manner::of(field)?;
        let one = |v: &SigmaValue| {
            let asked = manner.test(field, v)?;
            let found = filter(asked.test)?;
            Ok(if asked.not { Filter::Not(Box::new(found)) } else { found })
        };
        let tests = values.iter().map(one).collect::<Result<Vec<_>, Reason>>()?;
        let joined = if manner.all { all(tests) } else { any(tests) };
        joined.ok_or_else(|| Reason::Condition(format!("`{}` has no value", name(field))))
    }
}
