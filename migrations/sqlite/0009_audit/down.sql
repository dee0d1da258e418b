drop index audit_log_refused;
alter table audit_log drop column description;
