// Which folder may import which. The first matching row decides; a path is relative to the repository's root.
import { posix } from 'node:path'

const SHELL_LIBRARIES = [
  /^fastify$/,
  /^@fastify\//,
  /^ws$/,
  /^selfsigned$/,
  /^zod$/,
  /^electron-log(\/node)?$/,
]
const PURE_LIBRARIES = [/^zod$/, /^cborg(\/|$)/]
const NODE = [/^node:/]

/**
 * `to`: folders (or files) that may be imported; `typesFrom`: those that may be named in `import type` only;
 * `packages`: bare specifiers that may be imported, undefined = any but those of `notPackages`.
 */
export const LAYERS = [
  { from: 'shared/domain', to: ['shared/domain'], packages: PURE_LIBRARIES },
  { from: 'shared/scheduler', to: ['shared/scheduler', 'shared/domain'], packages: [] },
  {
    from: 'shared/checker',
    to: ['shared/checker', 'shared/domain'],
    typesFrom: ['shared/scheduler'],
    packages: [],
  },
  {
    from: 'shared/ops',
    to: ['shared/ops', 'shared/domain', 'shared/contract'],
    packages: PURE_LIBRARIES,
  },
  {
    from: 'shared/wire',
    to: ['shared/wire', 'shared/ops', 'shared/domain', 'shared/contract'],
    packages: PURE_LIBRARIES,
  },
  { from: 'shared', to: ['shared'], packages: PURE_LIBRARIES },
  {
    from: 'renderer',
    to: ['renderer', 'shared'],
    notPackages: [
      /^node:/,
      /^electron/,
      /^better-sqlite3$/,
      /^fastify$/,
      /^@fastify\//,
      /^kysely$/,
      /^pg$/,
      /^ws$/,
      /^undici$/,
    ],
  },
  { from: 'electron/sqlite', to: ['electron/sqlite'], packages: [...NODE, /^better-sqlite3$/] },
  { from: 'electron/preload', to: ['electron/preload'], typesFrom: ['shared'], packages: [/^electron$/] },
  { from: 'electron/launch', to: ['electron/launch'], packages: NODE },
  {
    from: 'electron/main',
    to: ['electron/main', 'electron/core', 'shared'],
    packages: [
      ...NODE,
      /^electron$/,
      /^electron\/main$/,
      /^electron-updater$/,
      /^zod$/,
      /^electron-log(\/|$)/,
    ],
  },
  {
    from: 'electron/standalone',
    to: ['electron/standalone', 'electron/core', 'shared'],
    packages: [...NODE, ...SHELL_LIBRARIES],
  },
  {
    from: 'electron/hub',
    to: ['electron/hub', 'electron/sqlite', 'shared/ops', 'shared/wire', 'shared/contract', 'shared/domain'],
    notPackages: [/^electron/],
  },
  {
    from: 'electron/core',
    to: ['electron/core', 'electron/sqlite', 'shared'],
    // The messages between a thread and its starter belong to the thread's entry.
    typesFrom: ['electron/workers'],
    notPackages: [/^electron/],
  },
  {
    from: 'electron/workers',
    to: ['electron/workers', 'electron/core', 'electron/sqlite', 'shared'],
    notPackages: [/^electron/],
  },
]

const FEATURES = 'electron/core/features/'
const FEATURE_DOORS = /(^|\/)(commands|queries)\.ts$/

function isInside(path, folder) {
  return path === folder || path.startsWith(`${folder}/`)
}

/** The feature a file belongs to, or null for files outside the features folder. */
function featureOf(path) {
  return path.startsWith(FEATURES) ? path.slice(FEATURES.length).split('/')[0] : null
}

/**
 * Says what is wrong with one import, or null. `file` is the importing file and `specifier` what it names;
 * `typeOnly` means that the import leaves no trace at run time.
 */
export function findLayerBreach(file, specifier, typeOnly) {
  const layer = LAYERS.find((row) => isInside(file, row.from))
  if (!layer) return null
  if (!specifier.startsWith('.') && !specifier.startsWith('/')) {
    const allowed = layer.packages
      ? layer.packages.some((pattern) => pattern.test(specifier))
      : !layer.notPackages.some((pattern) => pattern.test(specifier))
    return allowed ? null : `${layer.from} may not import '${specifier}'`
  }
  const target = posix.join(posix.dirname(file), specifier.split('?')[0])
  const reachable = [...layer.to, ...(typeOnly ? (layer.typesFrom ?? []) : [])]
  if (!reachable.some((folder) => isInside(target, folder))) {
    const note = layer.typesFrom?.some((folder) => isInside(target, folder)) ? ' except as a type' : ''
    return `${layer.from} may not import from ${target}${note}`
  }
  const own = featureOf(file)
  const other = featureOf(target)
  if (own && other && own !== other && !typeOnly && !FEATURE_DOORS.test(target)) {
    return `feature ${own} reaches feature ${other} past its commands and queries`
  }
  return null
}
