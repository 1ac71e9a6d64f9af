//! syslog against fail2ban's marked lines, plaso's expectations and the schema.





