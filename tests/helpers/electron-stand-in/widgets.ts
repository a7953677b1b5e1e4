import { EventEmitter } from 'node:events'
import { existsSync } from 'node:fs'
import { onControl, record } from './control.ts'

interface MenuItem {
  id?: string
  role?: string
  label?: string
  type?: string
  submenu?: MenuItem[]
  click?: () => void
}

const menus: { application: MenuItem[]; tray: MenuItem[] } = { application: [], tray: [] }

export class Menu {
  readonly items: MenuItem[]

  constructor(items: MenuItem[]) {
    this.items = items
  }
  static buildFromTemplate(items: MenuItem[]): Menu {
    return new Menu(items)
  }
  static setApplicationMenu(menu: Menu): void {
    menus.application = menu.items
  }
}

export class Tray extends EventEmitter {
  setToolTip(text: string): void {
    record('tray', text)
  }
  setContextMenu(menu: Menu): void {
    menus.tray = menu.items
  }
  destroy(): void {
    menus.tray = []
  }
}

export const nativeImage = {
  createFromPath(path: string) {
    const image = { isEmpty: () => !existsSync(path), resize: () => image }
    return image
  },
}

export class Notification extends EventEmitter {
  readonly options: { title: string; body: string }

  constructor(options: { title: string; body: string }) {
    super()
    this.options = options
  }
  static isSupported(): boolean {
    return true
  }
  show(): void {
    record('notification', this.options)
  }
}

/** Answers the next dialogs will give, put here by the test. */
const dialogAnswers: unknown[] = []
const answerDialog = async (kind: string, args: unknown[]): Promise<unknown> => {
  record(kind, args.at(-1))
  return dialogAnswers.shift() ?? { canceled: true, filePaths: [], response: 0 }
}

export const dialog = {
  showOpenDialog: (...args: unknown[]) => answerDialog('open-dialog', args),
  showSaveDialog: (...args: unknown[]) => answerDialog('save-dialog', args),
  showMessageBox: async (...args: unknown[]) => record('message-box', args.at(-1)),
  showErrorBox: (title: string, text: string) => {
    record('error-box', { title, text })
    console.error(`${title}\n${text}`)
  },
}

function flatten(items: MenuItem[]): MenuItem[] {
  return items.flatMap((item) => [item, ...flatten(item.submenu ?? [])])
}

onControl({
  'dialog-answer': async ({ answer }) => dialogAnswers.push(answer),
  menu: async ({ which }) =>
    flatten(menus[which as keyof typeof menus]).map(({ id, role, label, type }) => ({
      id,
      role,
      label,
      type,
    })),
  'menu-click': async ({ which, id }) =>
    flatten(menus[which as keyof typeof menus])
      .find((item) => item.id === id)
      ?.click?.(),
})
