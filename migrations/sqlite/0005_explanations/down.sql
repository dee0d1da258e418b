alter table deploys drop column explanation;
