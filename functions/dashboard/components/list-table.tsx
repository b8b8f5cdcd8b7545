import type { ComponentChildren } from "preact";
import { Card } from "./basics.tsx";

/** One column of a list. On a phone each row is a card, and titles stand before the values. */
export interface Column<T> {
  readonly title: string;
  /** Numbers are aligned to the right. */
  readonly number?: boolean;
  cell(row: T): ComponentChildren;
}

interface ListTableProps<T> {
  /** Says what is listed, for those who do not see the heading above. */
  readonly caption: string;
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  /** The link that names a row. */
  readonly name: (row: T) => { readonly href: string; readonly text: string };
  /** A control before the name, and what it is for. */
  readonly control?: { readonly title: string; render(row: T): ComponentChildren };
  readonly columns: readonly Column<T>[];
}

/** What the dashboard's list pages have in common. */
export function ListTable<T>({ caption, rows, keyOf, name, control, columns }: ListTableProps<T>) {
  return (
    <Card>
      <table class="table-list">
        <caption class="sr-only">{caption}</caption>
        <thead>
          <tr>
            {control && (
              <td>
                <span class="sr-only">{control.title}</span>
              </td>
            )}
            <th scope="col">Name</th>
            {columns.map(({ title, number }) => (
              <th key={title} scope="col" class={number ? "number" : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {control && <td class="pick">{control.render(row)}</td>}
              <th scope="row">
                <a href={name(row).href}>{name(row).text}</a>
              </th>
              {columns.map(({ title, number, cell }) => (
                <td key={title} data-label={title} class={number ? "number" : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
