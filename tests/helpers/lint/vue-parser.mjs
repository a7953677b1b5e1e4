// Parses the script of a component with types from ONE program for all components. Without it the project service takes each
// script for a changed file and starts type-checking afresh, a second or more for every component.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import tseslint from 'typescript-eslint'
import ts from 'typescript'
import { parse as parseComponent } from 'vue/compiler-sfc'

const VUE_FILES = [{ extension: '.vue', isMixedContent: true, scriptKind: ts.ScriptKind.Deferred }]

/** The text the linter's Vue parser will hand over; null for components with two scripts or none, which it rearranges. */
function readScript(path) {
  const { descriptor } = parseComponent(readFileSync(path, 'utf8'), { sourceMap: false, ignoreEmpty: false })
  const blocks = [descriptor.scriptSetup, descriptor.script].filter(Boolean)
  return blocks.length === 1 ? blocks[0].content : null
}

function createProgram(configFile) {
  const config = ts.readConfigFile(configFile, ts.sys.readFile).config
  const parsed = ts.parseJsonConfigFileContent(
    config,
    ts.sys,
    dirname(configFile),
    {},
    configFile,
    undefined,
    VUE_FILES,
  )
  const options = { ...parsed.options, allowNonTsExtensions: true, noEmit: true }
  const host = ts.createCompilerHost(options, true)
  const readSourceFile = host.getSourceFile
  host.getSourceFile = (path, languageVersion, ...rest) =>
    path.endsWith('.vue')
      ? ts.createSourceFile(path, readScript(path) ?? '', languageVersion, true, ts.ScriptKind.TS)
      : readSourceFile(path, languageVersion, ...rest)
  return ts.createProgram(parsed.fileNames, options, host)
}

/** A parser for the components under `folder` of the project at `root`; anything it does not know goes the usual way. */
export function createVueScriptParser(root, folder) {
  let program
  return {
    meta: { name: 'chanbo-vue-script', version: '1' },
    parseForESLint(code, options) {
      const path = resolve(options.filePath)
      const isTyped = Boolean(options.projectService) && path.startsWith(resolve(root, folder))
      if (isTyped) program ??= createProgram(resolve(root, folder, 'tsconfig.json'))
      const known = isTyped ? program.getSourceFile(path.replaceAll('\\', '/')) : undefined
      if (known?.text !== code) return tseslint.parser.parseForESLint(code, options)
      return tseslint.parser.parseForESLint(code, {
        ...options,
        projectService: undefined,
        programs: [program],
      })
    },
  }
}
