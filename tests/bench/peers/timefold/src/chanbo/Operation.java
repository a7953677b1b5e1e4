package chanbo;

import ai.timefold.solver.core.api.domain.lookup.PlanningId;
import java.util.HashMap;
import java.util.Map;

/** One operation of a job. */
public class Operation {
    @PlanningId
    private final Integer id;

    final int group;
    final int release;
    /** The one before it in its job; null for the first. */
    final Operation jobBefore;
    /** The one after it in its job; null for the last. */
    Operation jobNext;
    long due;
    long weight;
    /** By machine. */
    final Map<Integer, Integer> minutesOn = new HashMap<>();

    Operation(int id, int group, int release, Operation jobBefore) {
        this.id = id;
        this.group = group;
        this.release = release;
        this.jobBefore = jobBefore;
        if (jobBefore != null) jobBefore.jobNext = this;
    }

    public Integer getId() {
        return id;
    }
}
