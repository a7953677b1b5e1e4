// Runs a CP-SAT model in WebAssembly, or natively through Python where that is asked for.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { CpSolver } from 'or-tools-wasm/cp-sat'

const folder = import.meta.dirname
const python = path.join(folder, '.venv', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')

/** @returns {Promise<{label: string, status: string, solver: CpSolver, seconds: number}>} */
export async function runCpSat(model, { seconds, workers = 2, native = false }) {
  const solver = new CpSolver()
  if (native) installNative()
  const begin = performance.now()
  const status = native
    ? await solveNatively(model, solver, seconds, workers)
    : solver.statusName(await solver.solve(model, { maxTimeInSeconds: seconds, numSearchWorkers: workers }))
  const label = native ? 'CP-SAT (native)' : 'CP-SAT (wasm)'
  return { label, status, solver, seconds: (performance.now() - begin) / 1000 }
}

/** Into a virtual environment of the bench's own, on first use. */
function installNative() {
  if (existsSync(python)) return
  const steps = [
    ['python3', ['-m', 'venv', path.join(folder, '.venv')]],
    [python, ['-m', 'pip', 'install', '-q', '-r', path.join(folder, 'requirements.txt')]],
  ]
  for (const [command, args] of steps)
    if (spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status !== 0)
      throw new Error('native OR-Tools could not be installed: it needs python3 with venv and pip')
}

async function solveNatively(model, solver, seconds, workers) {
  const child = spawn(python, [path.join(folder, 'native.py'), String(seconds), String(workers)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(toText(model.model))
  const answer = JSON.parse(await text(child.stdout))
  solver.lastResponse = answer
  return answer.status
}

/** A protobuf message, as the model's builder holds it, in protobuf's text form. */
function toText(message) {
  let lines = ''
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined || value === null) continue
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    for (const item of Array.isArray(value) ? value : [value])
      lines +=
        typeof item === 'object'
          ? `${name} {\n${toText(item)}}\n`
          : `${name}: ${typeof item === 'string' ? JSON.stringify(item) : item}\n`
  }
  return lines
}
