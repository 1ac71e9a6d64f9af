//! What a Sigma field means here: one table a log source, from the rule's word to the column that answers it.
//!
//! A field without a line here is refused. A line that is not a plain column says what it stands for and why.

use event::{Column, Filter, Pattern, filter::Place};

use crate::{Reason, value::Test};

/// How a field is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    /// The column holds what the field holds.
    Text(Column),
    /// The column holds the field where it is an address; CloudTrail's `sourceIPAddress` may also name a service.
    Address(Column),
    /// The column holds `name@host`, the field `name`.
    UserAtHost(Column),
    /// `userIdentity.arn`: the session where there is one, else the user.
    CallerArn,
    /// `errorCode`: the column also has the reason of a failed sign-in, which is in another field of the log.
    ErrorCode,
}

/// The fields of a log source.
pub type Table = &'static [(&'static str, Read)];

/// AWS CloudTrail records (AWS CloudTrail user guide, "CloudTrail record contents").
pub const CLOUDTRAIL: Table = &[
    ("awsRegion", Read::Text(Column::Region)),
    ("errorCode", Read::ErrorCode),
    ("eventID", Read::Text(Column::Uid)),
    ("eventName", Read::Text(Column::Operation)),
    ("eventSource", Read::Text(Column::Service)),
    ("recipientAccountId", Read::Text(Column::Account)),
    ("sourceIPAddress", Read::Address(Column::SrcIp)),
    ("userAgent", Read::Text(Column::UserAgent)),
    ("userIdentity.accessKeyId", Read::Text(Column::Credential)),
    ("userIdentity.arn", Read::CallerArn),
];

/// Sigma's taxonomy for `process_creation`.
pub const PROCESS_CREATION: Table =
    &[("CommandLine", Read::Text(Column::Command)), ("Image", Read::Text(Column::Exe)), ("User", Read::UserAtHost(Column::User))];

/// Log sources that are only searched for words.
pub const NONE: Table = &[];

/// The service whose failed sign-ins say why in `errorMessage`.
const SIGN_IN: &str = "signin.amazonaws.com";

/// The filter for a test of a field.
pub fn filter(field: &str, read: Read, test: Test) -> Result<Filter, Reason> {
    let cannot = |why| Err(Reason::Question { field: field.to_owned(), why });
    match (read, test) {
        (Read::Text(c), test) => Ok(plain(c, test)),
        (Read::Address(c), test @ Test::InNet(_)) => Ok(plain(c, test)),
        (Read::Address(c), Test::Like(p)) if p.text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':') => Ok(plain(c, Test::Like(p))),
        (Read::Address(_), _) => cannot("the column holds addresses only, the log may also name a service"),
        (Read::UserAtHost(c), Test::Like(mut p)) if matches!(p.place, Place::Whole | Place::Start) && !p.text.contains('@') => {
            if p.place == Place::Whole {
                p.text.push('@');
                p.place = Place::Start;
            }
            Ok(Filter::Like(c, p))
        }
        (Read::UserAtHost(c), Test::Has) => Ok(Filter::Has(c)),
        (Read::UserAtHost(_), _) => cannot("the column holds `name@host`"),
        (Read::CallerArn, test) => {
            let arn = Filter::Like(Column::User, Pattern { text: "arn:".to_owned(), place: Place::Start, any_case: false });
            let user = Filter::And(vec![Filter::Not(Box::new(Filter::Has(Column::Session))), arn, plain(Column::User, test.clone())]);
            Ok(Filter::Or(vec![plain(Column::Session, test), user]))
        }
        (Read::ErrorCode, test) => Ok(Filter::And(vec![plain(Column::Error, test), Filter::Not(Box::new(Filter::is(Column::Service, SIGN_IN)))])),
    }
}

fn plain(column: Column, test: Test) -> Filter {
    match test {
        Test::Like(p) => Filter::Like(column, p),
        Test::InNet(net) => Filter::InNet(column, net),
        Test::Has => Filter::Has(column),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event::Shape;

    #[test]
    fn tables_are_in_order_and_name_text_columns() {
        for table in [CLOUDTRAIL, PROCESS_CREATION] {
            assert!(table.windows(2).all(|w| w[0].0 < w[1].0), "{table:?}");
            for (field, read) in table {
                if let Read::Text(c) | Read::Address(c) | Read::UserAtHost(c) = read {
                    assert!(matches!(c.shape(), Shape::Word | Shape::Text), "{field}");
                }
            }
        }
    }
}
