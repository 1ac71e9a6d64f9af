//! The OCSF classes that muster's events have, with the activities in use.

/// An OCSF event class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// `class_uid`.
    pub uid: u16,
    /// `category_uid`.
    pub category: u8,
    /// `class_name`.
    pub name: &'static str,
    /// `activity_id` and `activity_name`.
    pub activities: &'static [(u8, &'static str)],
}

impl Class {
    /// The activity's name; "Other" where the class does not list it.
    pub fn activity(&self, id: u8) -> &'static str {
        self.activities.iter().find(|(i, _)| *i == id).map_or(if id == 0 { "Unknown" } else { "Other" }, |(_, n)| n)
    }
}

/// Base Event (0).
#[rustfmt::skip]
pub const BASE_EVENT: Class = Class { uid: 0, category: 0, name: "Base Event", activities: &[(0, "Unknown"), (99, "Other")] };

/// File System Activity (1001).
#[rustfmt::skip]
pub const FILE_ACTIVITY: Class = Class { uid: 1001, category: 1, name: "File System Activity", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (5, "Rename"), (6, "Set Attributes"), (7, "Set Security"), (8, "Get Attributes"), (9, "Get Security"), (10, "Encrypt"), (11, "Decrypt"), (12, "Mount"), (13, "Unmount"), (14, "Open"), (99, "Other")] };

/// Kernel Extension Activity (1002).
#[rustfmt::skip]
pub const KERNEL_EXTENSION_ACTIVITY: Class = Class { uid: 1002, category: 1, name: "Kernel Extension Activity", activities: &[(0, "Unknown"), (1, "Load"), (2, "Unload"), (99, "Other")] };

/// Kernel Activity (1003).
#[rustfmt::skip]
pub const KERNEL_ACTIVITY: Class = Class { uid: 1003, category: 1, name: "Kernel Activity", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Delete"), (4, "Invoke"), (99, "Other")] };

/// Module Activity (1005).
#[rustfmt::skip]
pub const MODULE_ACTIVITY: Class = Class { uid: 1005, category: 1, name: "Module Activity", activities: &[(0, "Unknown"), (1, "Load"), (2, "Unload"), (3, "Invoke"), (99, "Other")] };

/// Scheduled Job Activity (1006).
#[rustfmt::skip]
pub const SCHEDULED_JOB_ACTIVITY: Class = Class { uid: 1006, category: 1, name: "Scheduled Job Activity", activities: &[(0, "Unknown"), (1, "Create"), (2, "Update"), (3, "Delete"), (4, "Enable"), (5, "Disable"), (6, "Start"), (99, "Other")] };

/// Process Activity (1007).
#[rustfmt::skip]
pub const PROCESS_ACTIVITY: Class = Class { uid: 1007, category: 1, name: "Process Activity", activities: &[(0, "Unknown"), (1, "Launch"), (2, "Terminate"), (3, "Open"), (4, "Inject"), (5, "Set User ID"), (99, "Other")] };

/// Detection Finding (2004).
#[rustfmt::skip]
pub const DETECTION_FINDING: Class = Class { uid: 2004, category: 2, name: "Detection Finding", activities: &[(0, "Unknown"), (1, "Create"), (2, "Update"), (3, "Close"), (99, "Other")] };

/// Account Change (3001).
#[rustfmt::skip]
pub const ACCOUNT_CHANGE: Class = Class { uid: 3001, category: 3, name: "Account Change", activities: &[(0, "Unknown"), (1, "Create"), (2, "Enable"), (3, "Password Change"), (4, "Password Reset"), (5, "Disable"), (6, "Delete"), (7, "Attach Policy"), (8, "Detach Policy"), (9, "Lock"), (10, "MFA Factor Enable"), (11, "MFA Factor Disable"), (12, "Unlock"), (99, "Other")] };

/// Authentication (3002).
#[rustfmt::skip]
pub const AUTHENTICATION: Class = Class { uid: 3002, category: 3, name: "Authentication", activities: &[(0, "Unknown"), (1, "Logon"), (2, "Logoff"), (3, "Authentication Ticket"), (4, "Service Ticket Request"), (5, "Service Ticket Renew"), (6, "Preauth"), (7, "Account Switch"), (99, "Other")] };

/// Authorize Session (3003).
#[rustfmt::skip]
pub const AUTHORIZE_SESSION: Class = Class { uid: 3003, category: 3, name: "Authorize Session", activities: &[(0, "Unknown"), (1, "Assign Privileges"), (2, "Assign Groups"), (99, "Other")] };

/// Entity Management (3004).
#[rustfmt::skip]
pub const ENTITY_MANAGEMENT: Class = Class { uid: 3004, category: 3, name: "Entity Management", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (5, "Move"), (6, "Enroll"), (7, "Unenroll"), (8, "Enable"), (9, "Disable"), (10, "Activate"), (11, "Deactivate"), (12, "Suspend"), (13, "Resume"), (99, "Other")] };

/// User Access Management (3005).
#[rustfmt::skip]
pub const USER_ACCESS: Class = Class { uid: 3005, category: 3, name: "User Access Management", activities: &[(0, "Unknown"), (1, "Assign Privileges"), (2, "Revoke Privileges"), (99, "Other")] };

/// Group Management (3006).
#[rustfmt::skip]
pub const GROUP_MANAGEMENT: Class = Class { uid: 3006, category: 3, name: "Group Management", activities: &[(0, "Unknown"), (1, "Assign Privileges"), (2, "Revoke Privileges"), (3, "Add User"), (4, "Remove User"), (5, "Delete"), (6, "Create"), (7, "Add Subgroup"), (8, "Remove Subgroup"), (99, "Other")] };

/// Network Activity (4001).
#[rustfmt::skip]
pub const NETWORK_ACTIVITY: Class = Class { uid: 4001, category: 4, name: "Network Activity", activities: &[(0, "Unknown"), (1, "Open"), (2, "Close"), (3, "Reset"), (4, "Fail"), (5, "Refuse"), (6, "Traffic"), (7, "Listen"), (99, "Other")] };

/// HTTP Activity (4002).
#[rustfmt::skip]
pub const HTTP_ACTIVITY: Class = Class { uid: 4002, category: 4, name: "HTTP Activity", activities: &[(0, "Unknown"), (1, "Connect"), (2, "Delete"), (3, "Get"), (4, "Head"), (5, "Options"), (6, "Post"), (7, "Put"), (8, "Trace"), (9, "Patch"), (99, "Other")] };

/// DNS Activity (4003).
#[rustfmt::skip]
pub const DNS_ACTIVITY: Class = Class { uid: 4003, category: 4, name: "DNS Activity", activities: &[(0, "Unknown"), (1, "Query"), (2, "Response"), (6, "Traffic"), (99, "Other")] };

/// DHCP Activity (4004).
#[rustfmt::skip]
pub const DHCP_ACTIVITY: Class = Class { uid: 4004, category: 4, name: "DHCP Activity", activities: &[(0, "Unknown"), (1, "Discover"), (2, "Offer"), (3, "Request"), (4, "Decline"), (5, "Ack"), (6, "Nak"), (7, "Release"), (8, "Inform"), (9, "Expire"), (99, "Other")] };

/// RDP Activity (4005).
#[rustfmt::skip]
pub const RDP_ACTIVITY: Class = Class { uid: 4005, category: 4, name: "RDP Activity", activities: &[(0, "Unknown"), (1, "Initial Request"), (2, "Initial Response"), (3, "Connect Request"), (4, "Connect Response"), (5, "TLS Handshake"), (6, "Traffic"), (7, "Disconnect"), (8, "Reconnect"), (99, "Other")] };

/// SMB Activity (4006).
#[rustfmt::skip]
pub const SMB_ACTIVITY: Class = Class { uid: 4006, category: 4, name: "SMB Activity", activities: &[(0, "Unknown"), (1, "File Supersede"), (2, "File Open"), (3, "File Create"), (4, "File Open If"), (5, "File Overwrite"), (6, "File Overwrite If"), (99, "Other")] };

/// SSH Activity (4007).
#[rustfmt::skip]
pub const SSH_ACTIVITY: Class = Class { uid: 4007, category: 4, name: "SSH Activity", activities: &[(0, "Unknown"), (1, "Open"), (2, "Close"), (3, "Reset"), (4, "Fail"), (5, "Refuse"), (6, "Traffic"), (7, "Listen"), (99, "Other")] };

/// FTP Activity (4008).
#[rustfmt::skip]
pub const FTP_ACTIVITY: Class = Class { uid: 4008, category: 4, name: "FTP Activity", activities: &[(0, "Unknown"), (1, "Put"), (2, "Get"), (3, "Poll"), (4, "Delete"), (5, "Rename"), (6, "List"), (99, "Other")] };

/// Email Activity (4009).
#[rustfmt::skip]
pub const EMAIL_ACTIVITY: Class = Class { uid: 4009, category: 4, name: "Email Activity", activities: &[(0, "Unknown"), (1, "Send"), (2, "Receive"), (3, "Scan"), (4, "Trace"), (5, "MTA Relay"), (99, "Other")] };

/// Network File Activity (4010).
#[rustfmt::skip]
pub const NETWORK_FILE: Class = Class { uid: 4010, category: 4, name: "Network File Activity", activities: &[(0, "Unknown"), (1, "Upload"), (2, "Download"), (3, "Update"), (4, "Delete"), (5, "Rename"), (6, "Copy"), (7, "Move"), (8, "Restore"), (9, "Preview"), (10, "Lock"), (11, "Unlock"), (12, "Share"), (13, "Unshare"), (14, "Open"), (15, "Sync"), (16, "Unsync"), (99, "Other")] };

/// NTP Activity (4013).
#[rustfmt::skip]
pub const NTP_ACTIVITY: Class = Class { uid: 4013, category: 4, name: "NTP Activity", activities: &[(0, "Unknown"), (1, "Symmetric Active Exchange"), (2, "Symmetric Passive Response"), (3, "Client Synchronization"), (4, "Server Response"), (5, "Broadcast"), (6, "Control"), (7, "Private Use Case"), (99, "Other")] };

/// Tunnel Activity (4014).
#[rustfmt::skip]
pub const TUNNEL_ACTIVITY: Class = Class { uid: 4014, category: 4, name: "Tunnel Activity", activities: &[(0, "Unknown"), (1, "Open"), (2, "Close"), (3, "Renew"), (99, "Other")] };

/// Device Inventory Info (5001).
#[rustfmt::skip]
pub const INVENTORY_INFO: Class = Class { uid: 5001, category: 5, name: "Device Inventory Info", activities: &[(0, "Unknown"), (1, "Log"), (2, "Collect"), (99, "Other")] };

/// Web Resources Activity (6001).
#[rustfmt::skip]
pub const WEB_RESOURCES_ACTIVITY: Class = Class { uid: 6001, category: 6, name: "Web Resources Activity", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (5, "Search"), (6, "Import"), (7, "Export"), (8, "Share"), (99, "Other")] };

/// Application Lifecycle (6002).
#[rustfmt::skip]
pub const APPLICATION_LIFECYCLE: Class = Class { uid: 6002, category: 6, name: "Application Lifecycle", activities: &[(0, "Unknown"), (1, "Install"), (2, "Remove"), (3, "Start"), (4, "Stop"), (5, "Restart"), (6, "Enable"), (7, "Disable"), (8, "Update"), (99, "Other")] };

/// API Activity (6003).
#[rustfmt::skip]
pub const API_ACTIVITY: Class = Class { uid: 6003, category: 6, name: "API Activity", activities: &[(0, "Unknown"), (1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete"), (99, "Other")] };

/// Datastore Activity (6005).
#[rustfmt::skip]
pub const DATASTORE_ACTIVITY: Class = Class { uid: 6005, category: 6, name: "Datastore Activity", activities: &[(0, "Unknown"), (1, "Read"), (2, "Update"), (3, "Connect"), (4, "Query"), (5, "Write"), (6, "Create"), (7, "Delete"), (8, "List"), (9, "Encrypt"), (10, "Decrypt"), (99, "Other")] };

/// Application Error (6008).
#[rustfmt::skip]
pub const APPLICATION_ERROR: Class = Class { uid: 6008, category: 6, name: "Application Error", activities: &[(0, "Unknown"), (1, "General Error"), (2, "Translation Error"), (99, "Other")] };

/// All of them.
pub const ALL: &[Class] = &[
    BASE_EVENT,
    FILE_ACTIVITY,
    KERNEL_EXTENSION_ACTIVITY,
    KERNEL_ACTIVITY,
    MODULE_ACTIVITY,
    SCHEDULED_JOB_ACTIVITY,
    PROCESS_ACTIVITY,
    DETECTION_FINDING,
    ACCOUNT_CHANGE,
    AUTHENTICATION,
    AUTHORIZE_SESSION,
    ENTITY_MANAGEMENT,
    USER_ACCESS,
    GROUP_MANAGEMENT,
    NETWORK_ACTIVITY,
    HTTP_ACTIVITY,
    DNS_ACTIVITY,
    DHCP_ACTIVITY,
    RDP_ACTIVITY,
    SMB_ACTIVITY,
    SSH_ACTIVITY,
    FTP_ACTIVITY,
    EMAIL_ACTIVITY,
    NETWORK_FILE,
    NTP_ACTIVITY,
    TUNNEL_ACTIVITY,
    INVENTORY_INFO,
    WEB_RESOURCES_ACTIVITY,
    APPLICATION_LIFECYCLE,
    API_ACTIVITY,
    DATASTORE_ACTIVITY,
    APPLICATION_ERROR,
];

/// Finds a class by its uid.
pub fn by_uid(uid: i64) -> Option<Class> {
    ALL.iter().copied().find(|c| i64::from(c.uid) == uid)
}
