"""Solves a CP-SAT model natively. In: the model as protobuf text on stdin. Out: one JSON line, what the caller reads of the response."""

import json
import sys

from ortools.sat.python import cp_model

model = cp_model.CpModel()
model.proto.parse_text_format(sys.stdin.read())
solver = cp_model.CpSolver()
solver.parameters.max_time_in_seconds = float(sys.argv[1])
solver.parameters.num_workers = int(sys.argv[2])
status = solver.solve(model)
answer = {"status": solver.status_name(status)}
if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
    response = solver.response_proto
    answer["objectiveValue"] = response.objective_value
    answer["bestObjectiveBound"] = response.best_objective_bound
    answer["solution"] = list(response.solution)
print(json.dumps(answer))
