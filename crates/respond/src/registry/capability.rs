//! Who runs what below a system, and which acts of a responder are possible there.
//! Source: the shared responsibility table of `docs`, after AWS's, Microsoft's and Google's published responsibility models.

use serde::{Deserialize, Serialize};

/// Who manages what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ServiceModel {
    /// The team manages the operating system and all above.
    IaaS,
    /// The team manages programs, data and identities; the provider runs what they run on.
    PaaS,
    /// The team manages data and identities.
    SaaS,
}

impl ServiceModel {
    /// All models.
    pub const ALL: [ServiceModel; 3] = [ServiceModel::IaaS, ServiceModel::PaaS, ServiceModel::SaaS];

    /// The model's name.
    pub const fn name(self) -> &'static str {
        match self {
            ServiceModel::IaaS => "IaaS",
            ServiceModel::PaaS => "PaaS",
            ServiceModel::SaaS => "SaaS",
        }
    }

    /// Reads a name in any case.
    pub fn parse(text: &str) -> Option<ServiceModel> {
        ServiceModel::ALL.into_iter().find(|m| m.name().eq_ignore_ascii_case(text))
    }

    /// What is ours to manage and what the provider's.
    pub const fn split(self) -> &'static str {
        match self {
            ServiceModel::IaaS => "ours: operating system, programs, data, identities; the provider's: hypervisor, hardware, building",
            ServiceModel::PaaS => "ours: programs, data, identities; the provider's: runtime, operating system and all below",
            ServiceModel::SaaS => "ours: data, identities, settings; the provider's: everything below the tenant",
        }
    }
}

/// An act of a responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Copy the memory of a running machine.
    MemoryCapture,
    /// Copy a disk or a whole store of data.
    DiskSnapshot,
    /// Cut a machine off by its own means.
    HostIsolate,
    /// Cut a machine or service off from outside it.
    NetIsolate,
    /// End sessions and logins.
    SessionRevoke,
    /// Disable or replace keys and passwords.
    KeyRotate,
    /// Stop a process.
    ProcessKill,
    /// Fetch the logs.
    LogPull,
    /// Open a case with the provider.
    ProviderCase,
}

impl Capability {
    /// All capabilities.
    pub const ALL: [Capability; 9] = [
        Capability::MemoryCapture,
        Capability::DiskSnapshot,
        Capability::HostIsolate,
        Capability::NetIsolate,
        Capability::SessionRevoke,
        Capability::KeyRotate,
        Capability::ProcessKill,
        Capability::LogPull,
        Capability::ProviderCase,
    ];

    /// The name in files and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Capability::MemoryCapture => "memory_capture",
            Capability::DiskSnapshot => "disk_snapshot",
            Capability::HostIsolate => "host_isolate",
            Capability::NetIsolate => "net_isolate",
            Capability::SessionRevoke => "session_revoke",
            Capability::KeyRotate => "key_rotate",
            Capability::ProcessKill => "process_kill",
            Capability::LogPull => "log_pull",
            Capability::ProviderCase => "provider_case",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Capability> {
        Capability::ALL.into_iter().find(|c| c.name() == text)
    }

    /// Whether a responder can do it under a model, and how it is done there or what comes in its place.
    pub const fn default_for(self, model: ServiceModel) -> (Can, &'static str) {
        use {Capability as C, ServiceModel as M};
        match (self, model) {
            (C::MemoryCapture, M::IaaS) => (Can::Yes, "capture before anything is restarted"),
            (C::MemoryCapture, _) => (Can::No, "only the provider can; ask in a case"),
            (C::DiskSnapshot, M::IaaS) => (Can::Yes, "a terminated machine's disk is gone"),
            (C::DiskSnapshot, M::PaaS) => (Can::No, "take the service's own backup instead"),
            (C::DiskSnapshot, M::SaaS) => (Can::No, "export the data or place a legal hold instead"),
            (C::HostIsolate, M::IaaS) => (Can::Yes, "by the host's firewall"),
            (C::HostIsolate, M::PaaS) => (Can::No, "remove the trigger or ingress, or throttle to 0 instead"),
            (C::HostIsolate, M::SaaS) => (Can::No, "suspend the user or the feature instead"),
            (C::NetIsolate, M::IaaS) => (Can::Yes, "by security group, network interface or load balancer"),
            (C::NetIsolate, M::PaaS) => (Can::Yes, "by ingress rules or a private endpoint"),
            (C::NetIsolate, M::SaaS) => (Can::No, "suspend the user or the feature instead"),
            (C::SessionRevoke, M::IaaS) => (Can::Yes, "roles, sessions, SSH logins"),
            (C::SessionRevoke, M::PaaS) => (Can::Yes, "the function's role or managed identity"),
            (C::SessionRevoke, M::SaaS) => (Can::Yes, "sessions, grants, tokens"),
            (C::KeyRotate, M::IaaS) => (Can::Yes, "access keys, SSH keys, passwords"),
            (C::KeyRotate, M::PaaS) => (Can::Yes, "connection strings and service keys"),
            (C::KeyRotate, M::SaaS) => (Can::Yes, "tokens, passwords, second factors"),
            (C::ProcessKill, M::IaaS) => (Can::Yes, "on the machine"),
            (C::ProcessKill, M::PaaS) => (Can::No, "restart or redeploy instead"),
            (C::ProcessKill, M::SaaS) => (Can::No, "only the provider can; ask in a case"),
            (C::LogPull, M::IaaS) => (Can::Yes, "all that was switched on"),
            (C::LogPull, M::PaaS) => (Can::Yes, "application and platform logs"),
            (C::LogPull, M::SaaS) => (Can::Yes, "what the product's plan shows, within its retention"),
            (C::ProviderCase, M::IaaS) => (Can::Yes, "for what is below the virtual machine"),
            (C::ProviderCase, M::PaaS) => (Can::Yes, "for the host layer"),
            (C::ProviderCase, M::SaaS) => (Can::Yes, "for everything below the tenant"),
        }
    }
}

/// Whether an act is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Can {
    /// Possible.
    Yes,
    /// Not possible for us.
    No,
    /// The registry does not say.
    Unknown,
}
