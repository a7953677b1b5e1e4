package chanbo;

import ai.timefold.solver.core.api.score.buildin.hardmediumsoftlong.HardMediumSoftLongScore;
import ai.timefold.solver.core.api.score.calculator.EasyScoreCalculator;
import java.util.Arrays;
import java.util.List;

/**
 * Times all operations as early as the orders allow. Hard: operations that wait for themselves. Medium: the objective. Soft: the
 * sum of all ends, which tells plans apart that are equally good.
 *
 * <p>One pass over everything is many times faster here than shadow variables and constraint streams.
 */
public class Timing implements EasyScoreCalculator<Shop, HardMediumSoftLongScore> {
    @Override
    public HardMediumSoftLongScore calculateScore(Shop shop) {
        int count = shop.getOperations().size();
        long[] ends = new long[count];
        Operation[] machineBefore = new Operation[count];
        Operation[] machineNext = new Operation[count];
        int[] waitsFor = new int[count];
        int[] on = new int[count];
        Arrays.fill(on, -1);
        int placed = 0;
        for (Machine machine : shop.getMachines()) {
            Operation before = null;
            for (Operation operation : machine.getOperations()) {
                int id = operation.getId();
                on[id] = machine.getId();
                machineBefore[id] = before;
                if (before != null) {
                    machineNext[before.getId()] = operation;
                    waitsFor[id]++;
                }
                before = operation;
                placed++;
            }
        }
        Operation[] ready = new Operation[placed];
        int filled = 0;
        for (Operation operation : shop.getOperations()) {
            int id = operation.getId();
            if (on[id] < 0) continue;
            // What is not placed yet holds nobody up.
            if (operation.jobBefore != null && on[operation.jobBefore.getId()] >= 0) waitsFor[id]++;
            if (waitsFor[id] == 0) ready[filled++] = operation;
        }
        List<Machine> machines = shop.getMachines();
        long objective = 0;
        long sum = 0;
        int done = 0;
        while (done < filled) {
            Operation operation = ready[done++];
            int id = operation.getId();
            Machine machine = machines.get(on[id]);
            Operation before = machineBefore[id];
            long start = operation.release;
            if (operation.jobBefore != null) start = Math.max(start, ends[operation.jobBefore.getId()]);
            start = Math.max(start, (before == null ? 0 : ends[before.getId()]) + machine.setup(before, operation));
            long end = start + operation.minutesOn.get(on[id]);
            ends[id] = end;
            sum += end;
            if (shop.isMakespan) objective = Math.max(objective, end);
            else if (operation.jobNext == null) objective += operation.weight * Math.max(0, end - operation.due);
            Operation next = machineNext[id];
            if (next != null && --waitsFor[next.getId()] == 0) ready[filled++] = next;
            Operation jobNext = operation.jobNext;
            if (jobNext != null && on[jobNext.getId()] >= 0 && --waitsFor[jobNext.getId()] == 0)
                ready[filled++] = jobNext;
        }
        return HardMediumSoftLongScore.of(done - placed, -objective, -sum);
    }
}
