drop index grid_users_user;
drop index user_roles_role;
drop index tokens_user;
drop index users_external;
alter table users drop column external_id;
