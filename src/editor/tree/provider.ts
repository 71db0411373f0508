import * as vscode from 'vscode';
import type { Store, StoreChange } from '../store/store.ts';
import { nodeId, Nodes, type Node } from './nodes.ts';
import { rowOf, type Row } from './rows.ts';

/** The Models view's data: rows are made when the view asks for them, and drawn again only where they differ. */
export class ModelsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly nodes: Nodes;
  readonly #store: Store;
  readonly #changes = new vscode.EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.#changes.event;
  readonly #subscription: vscode.Disposable;
  /** What the view last got of each row, as text to compare with. */
  readonly #drawn = new Map<string, string>();
  /** Stacks that the view shows as declared nowhere. */
  #ghosts = 0;

  constructor(store: Store) {
    this.#store = store;
    this.nodes = new Nodes(() => store.projects);
    this.#subscription = store.onDidChange((change) => this.#onChange(change));
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (!node) await this.#store.opened();
    if (!node || node.kind === 'ghosts') this.#ghosts = this.nodes.ghosts().length;
    return this.nodes.children(node);
  }

  getParent(node: Node): Node | undefined {
    return this.nodes.parent(node);
  }

  getTreeItem(node: Node): vscode.TreeItem {
    const row = rowOf(node);
    this.#drawn.set(nodeId(node), fingerprint(row));
    return toItem(nodeId(node), row);
  }

  /** Tooltips cost more than the rows and few are ever looked at. */
  async resolveTreeItem(item: vscode.TreeItem, node: Node): Promise<vscode.TreeItem> {
    const { tooltipOf } = await import('./tooltips.ts');
    item.tooltip = tooltipOf(node);
    return item;
  }

  /** Draws everything again. */
  refresh(): void {
    this.#changes.fire(undefined);
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changes.dispose();
  }

  #onChange(change: StoreChange): void {
    switch (change.kind) {
      case 'projects':
        this.#changes.fire(undefined);
        break;
      case 'list':
        this.nodes.prune(change.project);
        for (const id of this.#drawn.keys()) if (!this.nodes.made(id)) this.#drawn.delete(id);
        this.#changes.fire(undefined);
        break;
      case 'model':
        this.#redraw(nodeId({ kind: 'model', project: change.project, model: change.model }), true);
        // One of them may be declared now, or the declaration of another is gone.
        if (this.nodes.ghosts().length !== this.#ghosts) this.#changes.fire(undefined);
        break;
      case 'deployment':
        this.#redraw(nodeId({ kind: 'deployment', project: change.project, ...change.key }), false);
        this.#redraw(nodeId({ kind: 'model', project: change.project, model: change.key.model }), false);
        break;
      case 'ghost':
        this.#redraw(nodeId({ kind: 'ghost', project: change.project, ...change.place }), false);
        break;
      case 'log':
        break;
      default:
        change satisfies never;
    }
  }

  #redraw(id: string, always: boolean): void {
    const node = this.nodes.made(id);
    const drawn = this.#drawn.get(id);
    if (!node || drawn === undefined) return;
    if (always || drawn !== fingerprint(rowOf(node))) this.#changes.fire(node);
  }
}

function fingerprint(row: Row): string {
  return `${row.label}\n${row.description}\n${row.icon}\n${row.color ?? ''}\n${row.context}\n${row.details ?? ''}`;
}

function toItem(id: string, row: Row): vscode.TreeItem {
  const item = new vscode.TreeItem(
    row.label,
    row.children === 'none'
      ? vscode.TreeItemCollapsibleState.None
      : row.children === 'open'
        ? vscode.TreeItemCollapsibleState.Expanded
        : vscode.TreeItemCollapsibleState.Collapsed,
  );
  item.id = id;
  item.description = row.description;
  item.iconPath = row.color
    ? new vscode.ThemeIcon(row.icon, new vscode.ThemeColor(row.color))
    : new vscode.ThemeIcon(row.icon);
  item.contextValue = row.context;
  item.accessibilityInformation = { label: row.spoken };
  if (row.command) item.command = row.command;
  return item;
}
