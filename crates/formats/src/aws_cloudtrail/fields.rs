//! The members of a record, as slices of it.

use std::borrow::Cow;

use crate::{Reject, json};

macro_rules! fields {
    ($($field:ident $name:literal),* $(,)?) => {
        /// The text of each member's value as it is written; `None` where it is missing or null.
        #[derive(Debug, Default)]
        pub(super) struct Fields<'a> {
            $(pub(super) $field: Option<&'a str>,)*
            /// A record inside this one: EventBridge's `detail`, the text of `LookupEvents`.
            pub(super) wrapped: Option<&'a str>,
            /// Members that have no place above.
            pub(super) others: Vec<json::Member<'a>>,
            /// A key appears twice.
            pub(super) twice: bool,
        }

        impl<'a> Fields<'a> {
            /// Reads the members of a record. Of two with one name the last counts.
            pub(super) fn read(record: &'a str) -> Result<Fields<'a>, Reject> {
                let mut fields = Fields::default();
                let twice = json::members(record, |key, value| {
                    let value_or_null = (value != "null").then_some(value);
                    match key {
                        $($name => fields.$field = value_or_null,)*
                        "detail" | "CloudTrailEvent" => fields.wrapped = value_or_null,
                        _ => fields.others.push((key, value)),
                    }
                })?;
                fields.twice = twice;
                Ok(fields)
            }
        }
    };
}

fields! {
    event_version "eventVersion",
    user_identity "userIdentity",
    event_time "eventTime",
    event_source "eventSource",
    event_name "eventName",
    region "awsRegion",
    source_ip "sourceIPAddress",
    user_agent "userAgent",
    error_code "errorCode",
    error_message "errorMessage",
    request "requestParameters",
    response "responseElements",
    additional "additionalEventData",
    request_id "requestID",
    event_id "eventID",
    read_only "readOnly",
    resources "resources",
    event_type "eventType",
    api_version "apiVersion",
    category "eventCategory",
    account "recipientAccountId",
    shared_id "sharedEventID",
    vpc_endpoint "vpcEndpointId",
    insight "insightDetails",
}

/// A value as text: a string without quotes and escapes, anything else as it is written; empty for `None`.
pub(super) fn plain<'a>(value: Option<&'a str>) -> Cow<'a, str> {
    let value = value.unwrap_or_default();
    json::text(value).unwrap_or(Cow::Borrowed(value))
}
