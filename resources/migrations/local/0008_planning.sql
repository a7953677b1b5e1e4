-- Why a proposal was made (a message key and its figures), how, and what publishing it changes besides the plan.
ALTER TABLE proposal ADD COLUMN kind TEXT NOT NULL DEFAULT 'solve';
ALTER TABLE proposal ADD COLUMN cause TEXT NOT NULL DEFAULT 'null';
ALTER TABLE proposal ADD COLUMN effects TEXT NOT NULL DEFAULT '[]';
-- The optimiser's proposal beside a simple one, with what it would add.
ALTER TABLE proposal ADD COLUMN better TEXT NOT NULL DEFAULT 'null';
ALTER TABLE proposal ADD COLUMN notices TEXT NOT NULL DEFAULT '[]';

-- What this device did about an event that the plan did not foresee.
CREATE TABLE replan (
  eventId TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  proposalId TEXT,
  planId TEXT,
  previousPlanId TEXT,
  moved INTEGER NOT NULL DEFAULT 0,
  held TEXT NOT NULL DEFAULT 'null',
  elapsedMs INTEGER,
  atMs INTEGER NOT NULL
) STRICT;

-- What-if answers of this device, newest first.
CREATE TABLE scenarioRun (
  id TEXT PRIMARY KEY,
  createdMs INTEGER NOT NULL,
  basePlanId TEXT,
  answers TEXT NOT NULL
) STRICT;
