// Type-checks every layer with its own tsconfig, two compilers at a time. Usage: npm run typecheck [-- layer…]
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const PARALLEL = 2
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const VUE_TSC = join(ROOT, 'node_modules/vue-tsc/bin/vue-tsc.js')

const LAYERS = [
  { name: 'renderer', compiler: VUE_TSC, dirs: ['renderer'] },
  { name: 'root', compiler: VUE_TSC, dirs: ['tests', '.'], project: '.' },
  { name: 'electron', compiler: TSC, dirs: ['electron'], skip: 'preload' },
  { name: 'shared', compiler: TSC, dirs: ['shared'] },
  { name: 'preload', compiler: TSC, dirs: ['electron/preload'], project: 'electron/preload' },
]

/** A compiler given no input file exits with an error, which would say nothing about the code. */
function hasSource(layer) {
  return layer.dirs.some((dir) => {
    const path = join(ROOT, dir)
    if (!existsSync(path)) return false
    const names = dir === '.' ? readdirSync(path) : readdirSync(path, { recursive: true })
    return names.some((name) => /\.(ts|vue)$/.test(name) && !(layer.skip && name.startsWith(layer.skip)))
  })
}

function check(layer) {
  const startMs = Date.now()
  const project = join(ROOT, layer.project ?? layer.name, 'tsconfig.json')
  const child = spawn(process.execPath, [layer.compiler, '--noEmit', '--pretty', 'false', '-p', project], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  return new Promise((done) => {
    child.on('close', (code) => {
      const seconds = ((Date.now() - startMs) / 1000).toFixed(1)
      const errors = output.split('\n').filter((line) => /error TS\d+/.test(line)).length
      const verdict = code === 0 ? 'ok' : `${errors} errors`
      console.log(`typecheck ${layer.name.padEnd(9)} ${verdict} (${seconds} s)`)
      if (code !== 0) console.log(output.trimEnd())
      done(code === 0)
    })
  })
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !LAYERS.some((layer) => layer.name === name))
if (unknown.length > 0) {
  console.error(
    `Unknown layer ${unknown.join(', ')}; there are ${LAYERS.map((layer) => layer.name).join(', ')}`,
  )
  process.exit(2)
}
const queue = LAYERS.filter((layer) => wanted.length === 0 || wanted.includes(layer.name)).filter(hasSource)
const results = []
async function drain() {
  for (let layer = queue.shift(); layer; layer = queue.shift()) results.push(await check(layer))
}
await Promise.all(Array.from({ length: PARALLEL }, drain))
if (results.includes(false)) process.exit(1)
