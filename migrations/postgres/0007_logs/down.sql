alter table events drop column service_name;
alter table events drop column stack_name;
drop table container_logs;
