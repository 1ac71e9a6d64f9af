//! Changes in Entra ID: users, groups, roles, applications and their secrets.

use std::borrow::Cow;

use event::Sink;

use crate::{
    Reject, json,
    map::{Act, Doc, Who, plain},
};

use super::{fields::*, kind};

/// Makes the event of a change.
pub(super) fn event(doc: &Doc<'_>, message: &mut String, out: &mut dyn Sink) -> Result<(), Reject> {
    let when = time(doc)?;
    let said = doc.first(&[DISPLAYED, P_DISPLAYED]);
    let operation = if said.is_empty() { word(doc, OPERATION_IN, OPERATION) } else { said };
    let who = name(doc, &[BY_UPN, P_BY_UPN, BY_NAME, P_BY_NAME, BY_APP, P_BY_APP, CALLER, IDENTITY]);
    let by = By::read(doc);
    let who = if who.is_empty() || who.starts_with('{') { Cow::Borrowed(by.name.as_str()) } else { who };
    let uid = doc.first(&[BY_ID, P_BY_ID, BY_APP_ID, P_BY_APP_ID]);
    let uid = if uid.is_empty() { Cow::Borrowed(by.id.as_str()) } else { uid };
    let (from, service) = (doc.first(&[BY_IP, P_BY_IP, CALLER_IP]), doc.first(&[LOGGED_BY, P_LOGGED_BY]));
    let (result, why) = (doc.first(&[OUTCOME, P_OUTCOME, RESULT]), doc.first(&[WHY, P_WHY, DESCRIPTION]));
    let mut targets = Targets::read(doc);
    if operation.starts_with("User has elevated") {
        (targets.user, targets.user_id) = (who.clone().into_owned(), uid.clone().into_owned());
        targets.role = "User Access Administrator".to_owned();
    }
    let kind = kind::of_directory(&operation);
    let mut act = Act::new(kind, ENTRA, if operation.is_empty() { "?" } else { &operation });
    act.actor = Who { name: &who, uid: &uid, kind: "" };
    let application = kind.0.uid == 3001 && targets.user_id.is_empty() && targets.user.is_empty();
    act.target = if application {
        Who { name: &targets.thing_name, uid: &targets.thing, kind: &targets.thing_type }
    } else {
        Who { name: &targets.user, uid: &targets.user_id, kind: "" }
    };
    (act.group, act.privilege) = (&targets.group, &targets.role);
    (act.resource, act.resource_type) = (if targets.thing.is_empty() { &targets.thing_name } else { &targets.thing }, &targets.thing_type);
    (act.service, act.from, act.target_credential) = (&service, &from, &targets.key);
    act.success = match result.to_ascii_lowercase().as_str() {
        "success" | "succeeded" | "0" => Some(true),
        "" | "unknownfuturevalue" => None,
        _ => Some(false),
    };
    act.detail = &why;
    act.begin(doc, when, out);
    let resource = doc.text(RESOURCE);
    let tenant = [part_after(&resource, "tenants"), part_after(&resource, "subscriptions")].into_iter().find(|t| !t.is_empty());
    cloud(doc, tenant.unwrap_or_default(), out);
    act.end(doc, message, out);
    Ok(())
}

/// Who did it, where `initiatedBy` is the text of an object.
#[derive(Debug, Default)]
struct By {
    name: String,
    id: String,
}

impl By {
    fn read(doc: &Doc<'_>) -> By {
        let text = doc.text(BY);
        let part = |object: &str, names: [&str; 2]| {
            let found = names.into_iter().filter_map(|name| json::member(object, name)).find(|v| *v != "null");
            found.map(plain).unwrap_or_default().into_owned()
        };
        match (json::member(&text, "user"), json::member(&text, "app")) {
            (Some(user), _) if user.starts_with('{') => {
                By { name: part(user, ["userPrincipalName", "displayName"]).to_lowercase(), id: part(user, ["id", "id"]) }
            }
            (_, Some(app)) => By { name: part(app, ["displayName", "appId"]), id: part(app, ["servicePrincipalId", "appId"]) },
            _ => By::default(),
        }
    }
}

/// What was changed: the first of each type.
#[derive(Debug, Default)]
struct Targets {
    user: String,
    user_id: String,
    group: String,
    role: String,
    thing: String,
    thing_name: String,
    thing_type: String,
    key: String,
}

impl Targets {
    fn read(doc: &Doc<'_>) -> Targets {
        let mut found = Targets::default();
        let slot = if doc.has(TARGETS) { TARGETS } else { P_TARGETS };
        doc.each(slot, |target| {
            let list = plain(target);
            if list.starts_with('[') {
                let read = json::elements(&list, |target| {
                    found.add(target);
                    true
                });
                drop(read);
            } else {
                found.add(target);
            }
        });
        found
    }

    fn add(&mut self, target: &str) {
        let part = |name| plain(json::member(target, name).filter(|v| *v != "null").unwrap_or_default());
        let (kind, id, shown, upn) = (part("type"), part("id"), part("displayName"), part("userPrincipalName"));
        let first = |slot: &mut String, value: &str| {
            if slot.is_empty() {
                slot.push_str(value);
            }
        };
        match &*kind {
            "User" if self.user_id.is_empty() && self.user.is_empty() => {
                self.user = if upn.is_empty() { shown.clone().into_owned() } else { upn.to_lowercase() };
                self.user_id = id.clone().into_owned();
            }
            "Group" => first(&mut self.group, if shown.is_empty() { &id } else { &shown }),
            "Role" => first(&mut self.role, &shown),
            _ if self.thing_type.is_empty() => {
                (self.thing, self.thing_name) = (id.into_owned(), shown.into_owned());
                self.thing_type = kind.into_owned();
            }
            _ => {}
        }
        let changed = json::member(target, "modifiedProperties").unwrap_or_default();
        let read = json::elements(changed, |property| {
            let part = |name| plain(json::member(property, name).filter(|v| *v != "null").unwrap_or_default());
            // Values are JSON in a text: `"\"Global Administrator\""`.
            let (name, new, old) = (part("displayName"), part("newValue"), part("oldValue"));
            let bare = |text: &str| text.trim_matches('"').to_owned();
            match &*name {
                "Role.DisplayName" => first(&mut self.role, &bare(if new.len() > 2 { &new } else { &old })),
                "Group.DisplayName" => first(&mut self.group, &bare(if new.len() > 2 { &new } else { &old })),
                "KeyDescription" => first(&mut self.key, new_key(&old, &new).unwrap_or_default()),
                _ => {}
            }
            true
        });
        drop(read);
    }
}

/// The id of the key that is in the new list and not in the old one: `["[KeyIdentifier=ID,KeyType=Password,…]"]`.
fn new_key<'a>(old: &str, new: &'a str) -> Option<&'a str> {
    let ids = new.split("KeyIdentifier=").skip(1).filter_map(|rest| rest.split([',', ']']).next());
    ids.map(str::trim).find(|id| !id.is_empty() && !old.contains(id))
}
