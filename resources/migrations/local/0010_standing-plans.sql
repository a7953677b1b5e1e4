-- What was known when a plan was made: as of when, of which events, and whose work it places (null: a plan from before).
ALTER TABLE planVersion ADD COLUMN asOfMs INTEGER;
ALTER TABLE planVersion ADD COLUMN seen TEXT NOT NULL DEFAULT 'null';
ALTER TABLE planVersion ADD COLUMN covers TEXT NOT NULL DEFAULT 'null';
ALTER TABLE proposal ADD COLUMN basis TEXT NOT NULL DEFAULT 'null';
ALTER TABLE proposal DROP COLUMN basePlanId;

-- The plans that stand, one per scope at most.
CREATE VIEW standingPlan AS
  SELECT currentPlan.planId, currentPlan.planScope, planVersion.publishedMs,
    coalesce(planVersion.asOfMs, planVersion.publishedMs) AS asOfMs, planVersion.seen, planVersion.covers
  FROM currentPlan JOIN planVersion ON planVersion.id = currentPlan.planId
  WHERE currentPlan.deleted = 0;

-- Where the plans that stand put things. Of two plans that place the work of the same base, the newer one counts for that base.
CREATE VIEW standingItem AS
  SELECT planItem.*
  FROM standingPlan JOIN planItem ON planItem.planId = standingPlan.planId
  WHERE NOT EXISTS (
    SELECT 1 FROM standingPlan AS newer
    WHERE (newer.publishedMs, newer.planId) > (standingPlan.publishedMs, standingPlan.planId)
      AND coalesce(
        (SELECT scope FROM productionOrder WHERE id = planItem.orderId),
        (SELECT scope FROM liveSession WHERE id = planItem.sessionId)
      ) IN (SELECT value FROM json_each(newer.covers))
  );
