-- Why a deploy failed, behind the contract's words: whom each filter refused, and what would help.
alter table deploys add column explanation text;
