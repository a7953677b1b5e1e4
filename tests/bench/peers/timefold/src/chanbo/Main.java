package chanbo;

import ai.timefold.solver.core.api.solver.SolverFactory;
import ai.timefold.solver.core.config.solver.EnvironmentMode;
import ai.timefold.solver.core.config.solver.SolverConfig;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.HashSet;

/** Solves one shop with Timefold's defaults. In: {shop, objective, seconds} on stdin. Out: one JSON line. */
public class Main {
    public static void main(String[] args) throws Exception {
        var json = new ObjectMapper();
        JsonNode asked = json.readTree(System.in);
        boolean isMakespan = asked.get("objective").asText().equals("makespan");
        var config = new SolverConfig()
                .withSolutionClass(Shop.class)
                .withEntityClasses(Machine.class)
                .withEasyScoreCalculatorClass(Timing.class)
                .withEnvironmentMode(EnvironmentMode.NO_ASSERT)
                .withTerminationSpentLimit(Duration.ofMillis(Math.round(asked.get("seconds").asDouble() * 1000)));
        var solver = SolverFactory.<Shop>create(config).buildSolver();
        Shop problem = read(asked.get("shop"));
        problem.isMakespan = isMakespan;
        long begin = System.nanoTime();
        Shop best = solver.solve(problem);
        double seconds = (System.nanoTime() - begin) / 1e9;
        ObjectNode answer = json.createObjectNode();
        answer.put("label", "Timefold (one thread)");
        if (isSound(best)) answer.put("value", -best.getScore().mediumScore());
        else answer.putNull("value");
        answer.putNull("bound");
        answer.put("optimal", false);
        answer.put("seconds", seconds);
        System.out.println(json.writeValueAsString(answer));
        System.exit(0);
    }

    private static Shop read(JsonNode given) {
        var shop = new Shop();
        JsonNode setups = given.path("setups");
        boolean has = setups.isObject();
        for (int k = 0; k < given.get("machines").asInt(); k++)
            shop.getMachines()
                    .add(new Machine(
                            k,
                            has ? setups.get("groups").asInt() : 0,
                            has ? numbers(setups.get("between").get(k)) : null,
                            has && setups.hasNonNull("initial") ? numbers(setups.get("initial").get(k)) : null));
        for (JsonNode chain : given.get("jobs")) {
            Operation before = null;
            for (JsonNode one : chain.get("operations")) {
                int release = before == null ? chain.path("release").asInt(0) : 0;
                int id = shop.getOperations().size();
                var operation = new Operation(id, one.path("group").asInt(0), release, before);
                for (JsonNode mode : one.get("modes")) {
                    int machine = mode.get("machine").asInt();
                    operation.minutesOn.put(machine, mode.get("duration").asInt());
                    shop.getMachines().get(machine).getCandidates().add(operation);
                }
                shop.getOperations().add(operation);
                before = operation;
            }
            before.due = chain.path("due").asLong(Long.MAX_VALUE / 2);
            before.weight = chain.path("weight").asLong(1);
        }
        return shop;
    }

    private static int[] numbers(JsonNode list) {
        int[] values = new int[list.size()];
        for (int i = 0; i < values.length; i++) values[i] = list.get(i).asInt();
        return values;
    }

    /** Every operation runs once, on a machine that can, and none waits for itself. */
    private static boolean isSound(Shop shop) {
        var placed = new HashSet<Operation>();
        for (Machine machine : shop.getMachines())
            for (Operation operation : machine.getOperations())
                if (!operation.minutesOn.containsKey(machine.getId()) || !placed.add(operation)) return false;
        return placed.size() == shop.getOperations().size()
                && shop.getScore().equals(new Timing().calculateScore(shop))
                && shop.getScore().isFeasible();
    }
}
