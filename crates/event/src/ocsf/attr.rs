//! The OCSF attributes that parsers set, as paths into the event object, each with the column it also fills.
//!
//! `a.b` is an object in an object, `a[].b` an attribute of the newest element of an array (see `Sink::item`),
//! `a[]` at the end appends a text to an array of texts. A new attribute is one line here.

use crate::Column;

/// A path into the OCSF object, and the column that holds the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attr {
    /// The path.
    pub path: &'static str,
    /// The column, if the attribute is hot.
    pub column: Option<Column>,
}

macro_rules! attrs {
    ($($name:ident $path:literal $(=> $column:ident)?;)*) => {
        $(#[doc = concat!("`", $path, "`")] pub const $name: Attr = Attr { path: $path, column: attrs!(@col $($column)?) };)*
        /// All attributes.
        pub const ALL: &[Attr] = &[$($name),*];
    };
    (@col $column:ident) => { Some(Column::$column) };
    (@col) => { None };
}

attrs! {
    SEVERITY_ID "severity_id" => SeverityId;
    STATUS "status";
    STATUS_ID "status_id";
    STATUS_CODE "status_code" => Error;
    STATUS_DETAIL "status_detail";
    MESSAGE "message" => Message;
    DURATION "duration";
    START_TIME "start_time";
    END_TIME "end_time";
    COUNT "count";
    TIMEZONE_OFFSET "timezone_offset";

    METADATA_UID "metadata.uid" => Uid;
    METADATA_SEQUENCE "metadata.sequence";
    METADATA_PRODUCT_NAME "metadata.product.name";
    METADATA_PRODUCT_VENDOR "metadata.product.vendor_name";
    METADATA_PRODUCT_VERSION "metadata.product.version";
    METADATA_PRODUCT_FEATURE "metadata.product.feature.name";
    METADATA_LOG_NAME "metadata.log_name";
    METADATA_LOG_PROVIDER "metadata.log_provider";
    METADATA_LOG_VERSION "metadata.log_version";
    METADATA_LOG_LEVEL "metadata.log_level";
    METADATA_EVENT_CODE "metadata.event_code";
    METADATA_CORRELATION_UID "metadata.correlation_uid";
    METADATA_ORIGINAL_TIME "metadata.original_time";
    METADATA_LABELS "metadata.labels[]";
    METADATA_PROFILES "metadata.profiles[]";
    METADATA_TENANT_UID "metadata.tenant_uid";

    CLOUD_PROVIDER "cloud.provider";
    CLOUD_REGION "cloud.region" => Region;
    CLOUD_ZONE "cloud.zone";
    CLOUD_ACCOUNT_UID "cloud.account.uid" => Account;
    CLOUD_ACCOUNT_NAME "cloud.account.name";
    CLOUD_ORG_UID "cloud.org.uid";
    CLOUD_PROJECT_UID "cloud.project_uid";

    API_OPERATION "api.operation" => Operation;
    API_VERSION "api.version";
    API_SERVICE_NAME "api.service.name" => Service;
    API_SERVICE_UID "api.service.uid";
    API_REQUEST_UID "api.request.uid";
    API_REQUEST_DATA "api.request.data";
    API_RESPONSE_DATA "api.response.data";
    API_RESPONSE_CODE "api.response.code";
    API_RESPONSE_ERROR "api.response.error";
    API_RESPONSE_ERROR_MESSAGE "api.response.error_message";
    API_RESPONSE_MESSAGE "api.response.message";

    ACTOR_USER_NAME "actor.user.name";
    ACTOR_USER_UID "actor.user.uid";
    ACTOR_USER_UID_ALT "actor.user.uid_alt";
    ACTOR_USER_TYPE "actor.user.type";
    ACTOR_USER_TYPE_ID "actor.user.type_id";
    ACTOR_USER_DOMAIN "actor.user.domain";
    ACTOR_USER_EMAIL "actor.user.email_addr";
    ACTOR_USER_HAS_MFA "actor.user.has_mfa";
    ACTOR_USER_CREDENTIAL_UID "actor.user.credential_uid" => Credential;
    ACTOR_USER_ACCOUNT_UID "actor.user.account.uid";
    ACTOR_USER_ACCOUNT_NAME "actor.user.account.name";
    ACTOR_USER_ACCOUNT_TYPE_ID "actor.user.account.type_id";
    ACTOR_USER_ORG_UID "actor.user.org.uid";
    ACTOR_SESSION_UID "actor.session.uid";
    ACTOR_SESSION_UID_ALT "actor.session.uid_alt";
    ACTOR_SESSION_ISSUER "actor.session.issuer";
    ACTOR_SESSION_CREATED_TIME "actor.session.created_time";
    ACTOR_SESSION_IS_MFA "actor.session.is_mfa";
    ACTOR_SESSION_TERMINAL "actor.session.terminal";
    ACTOR_SESSION_CREDENTIAL_UID "actor.session.credential_uid";
    ACTOR_INVOKED_BY "actor.invoked_by";
    ACTOR_APP_NAME "actor.app_name";
    ACTOR_APP_UID "actor.app_uid";
    ACTOR_IDP_NAME "actor.idp.name";
    ACTOR_PROCESS_PID "actor.process.pid" => Pid;
    ACTOR_PROCESS_NAME "actor.process.name";
    ACTOR_PROCESS_PATH "actor.process.path" => Exe;
    ACTOR_PROCESS_FILE_PATH "actor.process.file.path" => Exe;
    ACTOR_PROCESS_FILE_NAME "actor.process.file.name";
    ACTOR_PROCESS_FILE_TYPE_ID "actor.process.file.type_id";
    ACTOR_PROCESS_CMD_LINE "actor.process.cmd_line" => Command;
    ACTOR_PROCESS_WORKING_DIRECTORY "actor.process.working_directory";
    ACTOR_PROCESS_AUID "actor.process.auid";
    ACTOR_PROCESS_EUID "actor.process.euid";
    ACTOR_PROCESS_EGID "actor.process.egid";
    ACTOR_PROCESS_USER_NAME "actor.process.user.name";
    ACTOR_PROCESS_USER_UID "actor.process.user.uid";
    ACTOR_PROCESS_GROUP_NAME "actor.process.group.name";
    ACTOR_PROCESS_GROUP_UID "actor.process.group.uid";
    ACTOR_PROCESS_SESSION_UID "actor.process.session.uid";
    ACTOR_PROCESS_SESSION_TERMINAL "actor.process.session.terminal";
    ACTOR_PROCESS_PARENT_PID "actor.process.parent_process.pid" => Ppid;
    ACTOR_PROCESS_PARENT_NAME "actor.process.parent_process.name";
    ACTOR_PROCESS_PARENT_PATH "actor.process.parent_process.path";
    ACTOR_PROCESS_CONTAINER_UID "actor.process.container.uid";

    PROCESS_PID "process.pid" => Pid;
    PROCESS_NAME "process.name";
    PROCESS_PATH "process.path" => Exe;
    PROCESS_FILE_PATH "process.file.path" => Exe;
    PROCESS_FILE_NAME "process.file.name";
    PROCESS_FILE_TYPE_ID "process.file.type_id";
    PROCESS_CMD_LINE "process.cmd_line" => Command;
    PROCESS_WORKING_DIRECTORY "process.working_directory";
    PROCESS_AUID "process.auid";
    PROCESS_EUID "process.euid";
    PROCESS_EGID "process.egid";
    PROCESS_USER_NAME "process.user.name";
    PROCESS_USER_UID "process.user.uid";
    PROCESS_GROUP_NAME "process.group.name";
    PROCESS_GROUP_UID "process.group.uid";
    PROCESS_SESSION_UID "process.session.uid";
    PROCESS_SESSION_TERMINAL "process.session.terminal";
    PROCESS_PARENT_PID "process.parent_process.pid" => Ppid;
    PROCESS_PARENT_NAME "process.parent_process.name";
    PROCESS_PARENT_PATH "process.parent_process.path";
    EXIT_CODE "exit_code";

    USER_NAME "user.name";
    USER_UID "user.uid";
    USER_TYPE "user.type";
    USER_TYPE_ID "user.type_id";
    USER_DOMAIN "user.domain";
    USER_EMAIL "user.email_addr";
    USER_CREDENTIAL_UID "user.credential_uid";
    USER_ACCOUNT_UID "user.account.uid";
    USER_GROUPS "user.groups";
    USER_GROUPS_NAME "user.groups[].name";
    USER_GROUPS_UID "user.groups[].uid";
    USER_RESULT_NAME "user_result.name";
    USER_RESULT_UID "user_result.uid";
    SESSION_UID "session.uid";
    SESSION_UID_ALT "session.uid_alt";
    SESSION_ISSUER "session.issuer";
    SESSION_TERMINAL "session.terminal";
    SESSION_IS_REMOTE "session.is_remote";
    SESSION_CREDENTIAL_UID "session.credential_uid";
    SESSION_CREATED_TIME "session.created_time";
    SESSION_EXPIRATION_TIME "session.expiration_time";
    SESSION_COUNT "session.count";
    GROUP_NAME "group.name";
    GROUP_UID "group.uid";
    PRIVILEGES "privileges[]";
    AUTH_PROTOCOL "auth_protocol";
    AUTH_PROTOCOL_ID "auth_protocol_id";
    AUTH_FACTORS "auth_factors";
    AUTH_FACTORS_TYPE "auth_factors[].factor_type";
    AUTH_FACTORS_TYPE_ID "auth_factors[].factor_type_id";
    ACCOUNT_SWITCH_TYPE_ID "account_switch_type_id";
    LOGON_TYPE "logon_type";
    LOGON_TYPE_ID "logon_type_id";
    LOGON_PROCESS_NAME "logon_process.name";
    LOGON_PROCESS_PID "logon_process.pid";
    IS_MFA "is_mfa";
    IS_REMOTE "is_remote";
    IS_CLEARTEXT "is_cleartext";
    CERTIFICATE_SERIAL "certificate.serial_number";
    CERTIFICATE_ISSUER "certificate.issuer";
    CERTIFICATE_SUBJECT "certificate.subject";
    SERVICE_NAME "service.name" => Service;
    SERVICE_UID "service.uid";

    DEVICE_HOSTNAME "device.hostname" => Host;
    DEVICE_NAME "device.name";
    DEVICE_IP "device.ip";
    DEVICE_UID "device.uid";
    DEVICE_INSTANCE_UID "device.instance_uid";
    DEVICE_TYPE_ID "device.type_id";
    DEVICE_INTERFACE_UID "device.interface_uid";
    DEVICE_VPC_UID "device.vpc_uid";
    DEVICE_SUBNET_UID "device.subnet_uid";
    DEVICE_OS_NAME "device.os.name";
    DEVICE_OS_TYPE_ID "device.os.type_id";
    DEVICE_CONTAINER_UID "device.container.uid";
    DEVICE_CONTAINER_NAME "device.container.name";
    DEVICE_CONTAINER_RUNTIME "device.container.runtime";
    DEVICE_CONTAINER_ORCHESTRATOR "device.container.orchestrator";
    DEVICE_CONTAINER_POD_UUID "device.container.pod_uuid";

    SRC_IP "src_endpoint.ip" => SrcIp;
    SRC_PORT "src_endpoint.port" => SrcPort;
    SRC_HOSTNAME "src_endpoint.hostname";
    SRC_DOMAIN "src_endpoint.domain";
    SRC_NAME "src_endpoint.name";
    SRC_SVC_NAME "src_endpoint.svc_name";
    SRC_UID "src_endpoint.uid";
    SRC_VPC_UID "src_endpoint.vpc_uid";
    SRC_INTERFACE_UID "src_endpoint.interface_uid";
    SRC_INTERFACE_NAME "src_endpoint.interface_name";
    SRC_INSTANCE_UID "src_endpoint.instance_uid";
    SRC_MAC "src_endpoint.mac";
    SRC_INTERMEDIATE_IPS "src_endpoint.intermediate_ips[]";
    DST_IP "dst_endpoint.ip" => DstIp;
    DST_PORT "dst_endpoint.port" => DstPort;
    DST_HOSTNAME "dst_endpoint.hostname";
    DST_SVC_NAME "dst_endpoint.svc_name";
    DST_NAME "dst_endpoint.name";
    DST_UID "dst_endpoint.uid";
    DST_INTERFACE_UID "dst_endpoint.interface_uid";
    DST_INTERFACE_NAME "dst_endpoint.interface_name";
    DST_MAC "dst_endpoint.mac";
    DST_INTERMEDIATE_IPS "dst_endpoint.intermediate_ips[]";
    DST_INSTANCE_UID "dst_endpoint.instance_uid";
    CONNECTION_PROTOCOL_NAME "connection_info.protocol_name";
    CONNECTION_PROTOCOL_NUM "connection_info.protocol_num";
    CONNECTION_DIRECTION_ID "connection_info.direction_id";
    CONNECTION_PROTOCOL_VER_ID "connection_info.protocol_ver_id";
    CONNECTION_TCP_FLAGS "connection_info.tcp_flags";
    CONNECTION_BOUNDARY_ID "connection_info.boundary_id";
    CONNECTION_UID "connection_info.uid";
    TRAFFIC_BYTES "traffic.bytes";
    TRAFFIC_BYTES_IN "traffic.bytes_in";
    TRAFFIC_BYTES_OUT "traffic.bytes_out" => BytesOut;
    TRAFFIC_PACKETS "traffic.packets";

    RESOURCES "resources";
    RESOURCES_UID "resources[].uid";
    RESOURCES_NAME "resources[].name";
    RESOURCES_TYPE "resources[].type";
    RESOURCES_OWNER_ACCOUNT "resources[].owner.account.uid";
    RESOURCES_DATA "resources[].data";
    RESOURCE_UID "resource.uid";
    RESOURCE_NAME "resource.name";
    RESOURCE_TYPE "resource.type";
    DATABUCKET_NAME "databucket.name";
    DATABUCKET_UID "databucket.uid";
    DATABUCKET_TYPE "databucket.type";
    DATABUCKET_TYPE_ID "databucket.type_id";
    FINDING_UID "finding_info.uid";
    FINDING_TITLE "finding_info.title";
    FINDING_DESC "finding_info.desc";
    FINDING_TYPES "finding_info.types[]";
    FINDING_FIRST_SEEN "finding_info.first_seen_time";
    FINDING_LAST_SEEN "finding_info.last_seen_time";
    FINDING_CREATED "finding_info.created_time";
    FINDING_MODIFIED "finding_info.modified_time";
    FINDING_URL "finding_info.src_url";
    EVIDENCES "evidences";
    EVIDENCES_DATA "evidences[].data";
    EVIDENCES_SRC_IP "evidences[].src_endpoint.ip" => SrcIp;
    EVIDENCES_SRC_PORT "evidences[].src_endpoint.port" => SrcPort;
    EVIDENCES_DST_IP "evidences[].dst_endpoint.ip" => DstIp;
    EVIDENCES_DST_PORT "evidences[].dst_endpoint.port" => DstPort;
    EVIDENCES_API_OPERATION "evidences[].api.operation" => Operation;
    EVIDENCES_API_SERVICE "evidences[].api.service.name" => Service;
    EVIDENCES_QUERY_HOSTNAME "evidences[].query.hostname" => Domain;
    POLICY_NAME "policy.name";
    POLICY_UID "policy.uid";
    ENTITY_NAME "entity.name";
    ENTITY_TYPE "entity.type";
    ENTITY_UID "entity.uid";

    FILE_PATH "file.path" => File;
    FILE_NAME "file.name";
    FILE_TYPE_ID "file.type_id";
    FILE_PARENT_FOLDER "file.parent_folder";
    FILE_UID "file.uid";
    FILE_RESULT_PATH "file_result.path";
    FILE_RESULT_NAME "file_result.name";
    FILE_RESULT_TYPE_ID "file_result.type_id";
    DRIVER_FILE_NAME "driver.file.name";
    DRIVER_FILE_PATH "driver.file.path";
    DRIVER_FILE_TYPE_ID "driver.file.type_id";
    MODULE_NAME "module.file.name";
    MODULE_PATH "module.file.path";
    MODULE_TYPE_ID "module.file.type_id";
    JOB_NAME "job.name";
    JOB_CMD_LINE "job.cmd_line" => Command;
    JOB_USER_NAME "job.user.name";
    JOB_FILE_NAME "job.file.name";
    JOB_FILE_TYPE_ID "job.file.type_id";
    APP_NAME "app.name";
    APP_VENDOR "app.vendor_name";

    HTTP_USER_AGENT "http_request.user_agent" => UserAgent;
    HTTP_METHOD "http_request.http_method";
    HTTP_REFERRER "http_request.referrer";
    HTTP_VERSION "http_request.version";
    HTTP_URL "http_request.url.url_string" => Url;
    HTTP_URL_PATH "http_request.url.path";
    HTTP_URL_HOSTNAME "http_request.url.hostname";
    HTTP_URL_QUERY "http_request.url.query_string";
    HTTP_URL_SCHEME "http_request.url.scheme";
    HTTP_URL_PORT "http_request.url.port";
    HTTP_REQUEST_LENGTH "http_request.length";
    HTTP_REQUEST_UID "http_request.uid";
    HTTP_RESPONSE_BODY_LENGTH "http_response.body_length";
    HTTP_X_FORWARDED_FOR "http_request.x_forwarded_for[]";
    HTTP_STATUS "http_response.code";
    HTTP_RESPONSE_LENGTH "http_response.length";
    DATABASE_NAME "database.name";
    DATABASE_TYPE_ID "database.type_id";
    TABLE_NAME "table.name";
    QUERY_STRING "query_info.query_string";
    QUERY_NAME "query_info.name";
    QUERY_HOSTNAME "query.hostname" => Domain;
    QUERY_TYPE "query.type";
    TLS_VERSION "tls.version";
    TLS_CIPHER "tls.cipher";
    TLS_SNI "tls.sni";
}
