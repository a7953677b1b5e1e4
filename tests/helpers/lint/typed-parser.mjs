// Parses every source with types from ONE program for all layers. The project service would make one program for each layer,
// each with its own types of what the layers share, and would take the script of each component for a changed file, after
// which it starts type-checking afresh. What a layer may see is the compiler's business: `npm run typecheck`.
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import tseslint from 'typescript-eslint'
import ts from 'typescript'
import { parse as parseComponent } from 'vue/compiler-sfc'

const PROJECTS = ['.', 'shared', 'electron', 'electron/preload', 'renderer']
const VUE_FILES = [{ extension: '.vue', isMixedContent: true, scriptKind: ts.ScriptKind.Deferred }]

/** The text the linter's Vue parser will hand over; null for components with two scripts or none, which it rearranges. */
function readScript(path) {
  const { descriptor } = parseComponent(readFileSync(path, 'utf8'), { sourceMap: false, ignoreEmpty: false })
  const blocks = [descriptor.scriptSetup, descriptor.script].filter(Boolean)
  return blocks.length === 1 ? typesOf(blocks[0].attrs.generic) + blocks[0].content : null
}

/** What the linter's Vue parser writes before the script of a generic component, to the letter. */
function typesOf(generic) {
  if (typeof generic !== 'string') return ''
  const { statements } = ts.createSourceFile('', `type T<${generic}> = 0`, ts.ScriptTarget.Latest, true)
  const types = statements[0].typeParameters.map(
    ({ name, constraint }) => `type ${name.text} = ${constraint?.getFullText() ?? 'unknown'}`,
  )
  return `${types.join(';')};\n`
}

function readProject(configFile) {
  const { config } = ts.readConfigFile(configFile, ts.sys.readFile)
  return ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    dirname(configFile),
    {},
    configFile,
    undefined,
    VUE_FILES,
  )
}

/** Every layer's files under the settings of the first, with the libraries and ambient types of all. */
function createProgram(root) {
  const projects = PROJECTS.map((folder) => readProject(join(root, folder, 'tsconfig.json')))
  const all = (key) => [...new Set(projects.flatMap(({ options }) => options[key] ?? []))]
  const options = {
    ...projects[0].options,
    lib: all('lib'),
    types: all('types'),
    allowNonTsExtensions: true,
    noEmit: true,
  }
  const host = ts.createCompilerHost(options, true)
  const readSourceFile = host.getSourceFile
  host.getSourceFile = (path, languageVersion, ...rest) =>
    path.endsWith('.vue')
      ? ts.createSourceFile(path, readScript(path) ?? '', languageVersion, true, ts.ScriptKind.TS)
      : readSourceFile(path, languageVersion, ...rest)
  return ts.createProgram([...new Set(projects.flatMap(({ fileNames }) => fileNames))], options, host)
}

/** A parser for the sources of the project at `root`; what it does not know, or knows otherwise, goes the usual way. */
export function createTypedParser(root) {
  let program
  return {
    meta: { name: 'chanbo-typed', version: '1' },
    parseForESLint(code, options) {
      if (!options.projectService) return tseslint.parser.parseForESLint(code, options)
      program ??= createProgram(resolve(root))
      const known = program.getSourceFile(resolve(options.filePath).replaceAll('\\', '/'))
      const programs = known?.text === code ? { projectService: undefined, programs: [program] } : {}
      return tseslint.parser.parseForESLint(code, { ...options, ...programs })
    },
  }
}
