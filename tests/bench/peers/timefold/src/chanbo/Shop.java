package chanbo;

import ai.timefold.solver.core.api.domain.solution.PlanningEntityCollectionProperty;
import ai.timefold.solver.core.api.domain.solution.PlanningScore;
import ai.timefold.solver.core.api.domain.solution.PlanningSolution;
import ai.timefold.solver.core.api.domain.solution.ProblemFactCollectionProperty;
import ai.timefold.solver.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;
import java.util.ArrayList;
import java.util.List;

/** A flexible job shop. */
@PlanningSolution
public class Shop {
    @PlanningEntityCollectionProperty
    private List<Machine> machines = new ArrayList<>();

    @ProblemFactCollectionProperty
    private List<Operation> operations = new ArrayList<>();

    /** The end of the last operation counts, or else the weighted tardiness of the jobs. */
    boolean isMakespan;

    @PlanningScore
    private HardMediumSoftLongScore score;

    public List<Machine> getMachines() {
        return machines;
    }

    public List<Operation> getOperations() {
        return operations;
    }

    public HardMediumSoftLongScore getScore() {
        return score;
    }

    public void setScore(HardMediumSoftLongScore score) {
        this.score = score;
    }
}
