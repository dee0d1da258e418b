drop table hook_marks;
drop table containers;
drop table node_samples;
alter table nodes drop column marked_offline_at;
alter table nodes drop column figures;
alter table nodes add column memory text;
