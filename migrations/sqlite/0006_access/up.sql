-- Who a user is to a provider of identities; invitations may name it.
alter table users add column external_id text;
create unique index users_external on users (external_id);
create index tokens_user on tokens (user_id);
create index user_roles_role on user_roles (role);
create index grid_users_user on grid_users (user_id);
