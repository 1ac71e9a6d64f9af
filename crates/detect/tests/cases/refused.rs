//! BAD-INPUTS row 51: what is not understood is refused by name, with the reason, and what stands beside it still runs.

use detect::{Reason, Refusal, Rule, compile};
use event::{Column, Event, event::Cell};

fn rule(logsource: &str, detection: &str) -> String {
    format!("title: A rule\nlogsource: {{{logsource}}}\ndetection:\n{detection}\nlevel: high\n")
}

fn one(logsource: &str, detection: &str) -> Result<Rule, Refusal> {
    let mut all = compile(&rule(logsource, detection), "a.yml");
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

const AWS: &str = "product: aws, service: cloudtrail";
const PROCESS: &str = "product: linux, category: process_creation";

#[test]
fn row_51_each_kind_of_refusal_says_what_it_met() {
    let of = |logsource: &str, detection: &str| one(logsource, detection).unwrap_err().to_string();
    let told = [
        of("product: windows, category: process_creation", "  a: {Image: x}\n  condition: a"),
        of(AWS, "  a: {requestParameters.x: y}\n  condition: a"),
        of(AWS, "  a: {sourceIPAddress|contains: amazonaws.com}\n  condition: a"),
        of(AWS, "  a: {eventName|re: '(a+)+$'}\n  condition: a"),
        of(AWS, "  a: {eventName|base64: x}\n  condition: a"),
        of(AWS, "  a: {eventName|nonsense: x}\n  condition: a"),
        of(AWS, "  a: {eventName: 'Get*Value'}\n  condition: a"),
        of(AWS, "  a: {eventName: ''}\n  condition: a"),
        of(AWS, "  a: {userAgent|contains: 'Größe'}\n  condition: a"),
        of(AWS, "  a: {sourceIPAddress|cidr: 10.0.0.0/99}\n  condition: a"),
        of(AWS, "  a: {eventName: x}\n  condition: a and b"),
        of(AWS, "  a: {eventName: x}\n  condition: 1 of filter_*"),
        of(AWS, "  a: {eventName: x}\n  timeframe: 5m\n  condition: a"),
        of(AWS, "  a: ['word']\n  condition: a"),
        of(PROCESS, "  a: {User: 'root@web-1'}\n  condition: a"),
    ];
    let expected = [
        "a.yml: A rule: log source windows/*/process_creation has no format here",
        "a.yml: A rule: field `requestParameters.x` has no column here",
        "a.yml: A rule: field `sourceIPAddress` cannot be asked that: the column holds addresses only, the log may also name a service",
        "a.yml: A rule: modifier `re` of `eventName` is not supported",
        "a.yml: A rule: modifier `base64` of `eventName` is not supported",
        "a.yml: not a rule: does not parse: Unknown modifier 'nonsense'",
        "a.yml: A rule: value `Get*Value` of `eventName`: a wildcard inside the text",
        "a.yml: A rule: value `` of `eventName`: an empty text, which columns do not tell from a missing one",
        "a.yml: A rule: value `Größe` of `userAgent`: letters beyond ASCII in either case",
        "a.yml: A rule: value `10.0.0.0/99` of `sourceIPAddress`: not a network in CIDR notation",
        "a.yml: A rule: condition: no detection is named `b`",
        "a.yml: A rule: condition: no detection is named like `filter_*`",
        "a.yml: A rule: condition: a time frame (5m) needs a correlation",
        "a.yml: A rule: this log source has no message as it was written to look for words in",
        "a.yml: A rule: field `User` cannot be asked that: the column holds `name@host`",
    ];
    assert_eq!(told.each_ref().map(String::as_str), expected);
}

#[test]
fn row_51_rules_beside_a_bad_one_run() {
    let good = rule(AWS, "  a: {eventName: x}\n  condition: a");
    let bad = rule(AWS, "  a: {eventName|re: x}\n  condition: a");
    let all = compile(&format!("{good}---\n{bad}---\n{good}"), "a.yml");
    assert_eq!(all.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn row_51_what_is_no_rule_is_refused_too() {
    for text in ["", "]", "just text", "title: no detection\n", "title: t\nlogsource: {product: aws}\ndetection: {}\n", "a: &a [*a, *a]\n"] {
        let all = compile(text, "a.yml");
        assert!(!all.is_empty() && all.iter().all(Result::is_err), "{text:?}: {all:?}");
    }
    let huge = format!("title: t\ndescription: {}\n", "x".repeat(300_000));
    assert!(matches!(compile(&huge, "a.yml").as_slice(), [Err(Refusal { reason: Reason::Size { .. }, .. })]));
    let deep = format!("  a: {{eventName: x}}\n  condition: {}a{}", "(".repeat(2000), ")".repeat(2000));
    assert!(one(AWS, &deep).is_err());
    let levels = rule(AWS, "  a: {eventName: x}\n  condition: a").replace("high", "hihg");
    assert!(matches!(compile(&levels, "a.yml").as_slice(), [Err(Refusal { rule: Some(_), reason: Reason::Syntax(_), .. })]), "{:?}", compile(&levels, "a.yml"));
}

fn event(cells: &[(Column, &str)]) -> Event {
    let mut e = Event::empty();
    e.set(Column::Format, Cell::Text("aws_cloudtrail".to_owned()));
    cells.iter().for_each(|(c, t)| e.set(*c, Cell::Text((*t).to_owned())));
    e
}

#[test]
fn texts_match_in_either_case_unless_cased() {
    let either = one(AWS, "  a: {eventName: getobject}\n  condition: a").unwrap();
    let cased = one(AWS, "  a: {eventName|cased: getobject}\n  condition: a").unwrap();
    let e = event(&[(Column::Operation, "GetObject")]);
    assert!(either.filter.matches(&e) && !cased.filter.matches(&e));
    assert!(cased.filter.matches(&event(&[(Column::Operation, "getobject")])));
}

#[test]
fn quantifiers_lists_and_null_mean_what_the_specification_says() {
    let matches = |detection: &str, cells: &[(Column, &str)]| one(AWS, detection).unwrap().filter.matches(&event(cells));
    let (op, error, agent, ip) = (Column::Operation, Column::Error, Column::UserAgent, Column::SrcIp);
    let all = "  a: {userAgent|contains|all: [x, y]}\n  condition: a";
    assert!(matches(all, &[(agent, "y-x")]) && !matches(all, &[(agent, "x")]));
    let any = "  a: {userAgent|contains: [x, y]}\n  condition: a";
    assert!(matches(any, &[(agent, "has y")]) && !matches(any, &[(agent, "z")]));
    let absent = "  a: {eventName: A}\n  b: {errorCode: null}\n  condition: a and b";
    assert!(matches(absent, &[(op, "A")]) && !matches(absent, &[(op, "A"), (error, "Denied")]));
    let exists = "  a: {errorCode|exists: true}\n  condition: a";
    assert!(matches(exists, &[(error, "Denied")]) && !matches(exists, &[]));
    let of = "  s_1: {eventName: A}\n  s_2: {userAgent: B}\n  f: {errorCode: C}\n  condition: QUANTIFIER of s_* and not f";
    let either = of.replace("QUANTIFIER", "1");
    assert!(matches(&either, &[(agent, "B")]) && !matches(&either, &[(agent, "B"), (error, "C")]));
    let both = of.replace("QUANTIFIER", "all");
    assert!(matches(&both, &[(op, "A"), (agent, "B")]) && !matches(&both, &[(agent, "B")]));
    let net = "  a: {sourceIPAddress|cidr: 203.0.113.0/24}\n  condition: a";
    assert!(matches(net, &[(ip, "203.0.113.9")]) && !matches(net, &[(ip, "203.0.114.9")]));
    let maps = "  a: [{eventName: A, userAgent: B}, {eventName: C}]\n  condition: a";
    assert!(matches(maps, &[(op, "C")]) && matches(maps, &[(op, "A"), (agent, "B")]) && !matches(maps, &[(op, "A")]));
}
