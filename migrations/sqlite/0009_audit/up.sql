-- What was changed in particular, such as the role that was given; never a secret.
alter table audit_log add column description text not null default '';
-- Of calls that were refused only the newest are kept.
create index audit_log_refused on audit_log (id) where outcome <> 'success';
