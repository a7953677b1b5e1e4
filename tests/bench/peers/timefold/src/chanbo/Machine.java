package chanbo;

import ai.timefold.solver.core.api.domain.entity.PlanningEntity;
import ai.timefold.solver.core.api.domain.lookup.PlanningId;
import ai.timefold.solver.core.api.domain.valuerange.ValueRangeProvider;
import ai.timefold.solver.core.api.domain.variable.PlanningListVariable;
import java.util.ArrayList;
import java.util.List;

/** A machine with the order of its operations. */
@PlanningEntity
public class Machine {
    @PlanningId
    private Integer id;

    /** What can run here. */
    @ValueRangeProvider(id = "candidates")
    private List<Operation> candidates = new ArrayList<>();

    @PlanningListVariable(valueRangeProviderRefs = "candidates")
    private List<Operation> operations = new ArrayList<>();

    /** Minutes of set-up from one group to another, row by row; null for none. */
    private int[] between;
    private int[] initial;
    private int groups;

    public Machine() {}

    public Machine(int id, int groups, int[] between, int[] initial) {
        this.id = id;
        this.groups = groups;
        this.between = between;
        this.initial = initial;
    }

    int setup(Operation before, Operation next) {
        if (before == null) return initial == null ? 0 : initial[next.group];
        return between == null ? 0 : between[before.group * groups + next.group];
    }

    public Integer getId() {
        return id;
    }

    public List<Operation> getCandidates() {
        return candidates;
    }

    public List<Operation> getOperations() {
        return operations;
    }

    public void setOperations(List<Operation> operations) {
        this.operations = operations;
    }
}
