-- Posts with others beside their author, few among many: whose account is withheld is looked for there, too.

CREATE INDEX descriptions_beside ON descriptions(post_key, collaborators) WHERE collaborators <> '[]';
