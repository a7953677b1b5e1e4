// The project's own lint rules: layer directions, and a reason beside every suppression.
import { relative, sep } from 'node:path'
import { findLayerBreach } from './layers.mjs'

function isTypeOnly(node) {
  if (node.importKind === 'type' || node.exportKind === 'type') return true
  const named = node.specifiers ?? []
  return named.length > 0 && named.every((item) => item.importKind === 'type' || item.exportKind === 'type')
}

/** The specifier of `new URL('./worker.ts', import.meta.url)`, which is an import in all but name. */
function readUrlSpecifier(node) {
  const [path, base] = node.arguments
  if (node.callee.name !== 'URL' || path?.type !== 'Literal' || typeof path.value !== 'string') return null
  return base?.type === 'MemberExpression' && base.object.type === 'MetaProperty' ? path.value : null
}

const layers = {
  meta: { type: 'problem', schema: [], messages: { breach: '{{text}} (see docs: layer directions).' } },
  create(context) {
    const file = relative(context.cwd, context.filename).split(sep).join('/')
    const check = (node, specifier, typeOnly) => {
      const text = findLayerBreach(file, specifier, typeOnly)
      if (text) context.report({ node, messageId: 'breach', data: { text } })
    }
    const checkStatement = (node) => {
      if (node.source) check(node.source, node.source.value, isTypeOnly(node))
    }
    return {
      ImportDeclaration: checkStatement,
      ExportNamedDeclaration: checkStatement,
      ExportAllDeclaration: checkStatement,
      ImportExpression(node) {
        if (node.source.type === 'Literal') check(node.source, node.source.value, false)
      },
      TSImportType(node) {
        const literal = node.source ?? node.argument?.literal
        if (literal) check(node, literal.value, true)
      },
      NewExpression(node) {
        const specifier = readUrlSpecifier(node)
        if (specifier && /\.(ts|js|mjs)$/.test(specifier)) check(node, specifier, false)
      },
    }
  },
}

const suppressionReason = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      reason: 'Say after "--" why this suppression is right.',
      rules: 'Name the rules that are suppressed.',
    },
  },
  create(context) {
    return {
      Program() {
        for (const comment of context.sourceCode.getAllComments()) {
          const match = /^\s*eslint-disable(?:-next-line|-line)?\b(.*)$/s.exec(comment.value)
          if (!match) continue
          const [rules, reason] = match[1].split(/\s--\s/)
          if (!rules.trim()) context.report({ loc: comment.loc, messageId: 'rules' })
          if (!reason || reason.trim().length < 8) context.report({ loc: comment.loc, messageId: 'reason' })
        }
      },
    }
  },
}

export default { meta: { name: 'chanbo' }, rules: { layers, 'suppression-reason': suppressionReason } }
