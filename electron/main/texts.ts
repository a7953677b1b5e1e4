/** The shell's own few texts; everything on the page has its texts in the page. */
const TEXTS = {
  zh: {
    file: '文件',
    edit: '编辑',
    view: '显示',
    window: '窗口',
    help: '帮助',
    show: '打开产播',
    quit: '退出',
    undo: '撤销',
    redo: '重做',
    cut: '剪切',
    copy: '复制',
    paste: '粘贴',
    selectAll: '全选',
    reload: '重新载入',
    zoomIn: '放大',
    zoomOut: '缩小',
    zoomReset: '实际大小',
    fullScreen: '全屏',
    minimize: '最小化',
    close: '关闭窗口',
    dataFolder: '打开数据文件夹',
    table: '表格',
    allFiles: '所有文件',
    cannotStart: '打不开',
    dataInUse: '这份数据正被另一个产播使用。先关掉它，或者换一个数据文件夹。',
    dataNotWritable: '这个文件夹不能写入。改一下权限，或者换一个数据文件夹。',
    diskFull: '磁盘满了。腾出一些空间再打开，已保存的都在。',
    coreStopped: '后台刚才停了，已经自动重启。已确认的操作都在；没有保存成功的那一步请再做一次。',
    coreGone:
      '后台反复停止，没有再自动重启。已确认的数据都在磁盘上。请退出后重新打开；如果还是这样，用「打开数据文件夹」里的 logs 求助。',
    pageGone: '界面刚才停了，已经重新载入。',
    updateReady: '新版本已下载，退出后安装。',
  },
  en: {
    file: 'File',
    edit: 'Edit',
    view: 'View',
    window: 'Window',
    help: 'Help',
    show: 'Open Chanbo',
    quit: 'Quit',
    undo: 'Undo',
    redo: 'Redo',
    cut: 'Cut',
    copy: 'Copy',
    paste: 'Paste',
    selectAll: 'Select All',
    reload: 'Reload',
    zoomIn: 'Zoom In',
    zoomOut: 'Zoom Out',
    zoomReset: 'Actual Size',
    fullScreen: 'Full Screen',
    minimize: 'Minimise',
    close: 'Close Window',
    dataFolder: 'Open Data Folder',
    table: 'Tables',
    allFiles: 'All files',
    cannotStart: 'Cannot open',
    dataInUse: 'Another Chanbo is using this data. Close it, or choose another data folder.',
    dataNotWritable: 'This folder cannot be written. Change its permissions, or choose another data folder.',
    diskFull: 'The disk is full. Free some space and open again; everything saved is there.',
    coreStopped:
      'The background part stopped and was started again. Everything confirmed is there; repeat the one step that was not saved.',
    coreGone:
      'The background part keeps stopping and was not started again. All confirmed data is on disk. Quit and open again; if it happens again, the logs in the data folder tell why.',
    pageGone: 'The screen stopped and was loaded again.',
    updateReady: 'A new version is downloaded and will be installed on quitting.',
  },
} as const

export type ShellTexts = Readonly<Record<keyof (typeof TEXTS)['zh'], string>>

/** Texts for a system locale such as `zh-CN` or `en-GB`; Chinese unless the system speaks another language. */
export function pickTexts(locale: string): ShellTexts {
  return /^zh\b|^$/i.test(locale) ? TEXTS.zh : TEXTS.en
}
