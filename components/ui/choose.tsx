"use client";
// Choosing among very many. Job: Mantine's select with its list made only while it is open. Rule: closed it knows what is chosen and
// nothing else, because a screen with six of them over 1,000 services would make 6,000 rows at each key that somebody types.
import { MultiSelect, type MultiSelectProps, Select, type SelectProps } from "@mantine/core";
import { useState } from "react";

export interface Option {
  value: string;
  label: string;
}

/** More are found by typing. */
const MOST_SHOWN = 60;

function useList(options: () => readonly Option[], chosen: readonly Option[]) {
  const [isOpen, setOpen] = useState(false);
  const all = isOpen ? options() : [];
  const known = new Set(all.map(({ value }) => value));
  return {
    searchable: true,
    limit: MOST_SHOWN,
    data: [...all, ...chosen.filter(({ value }) => !known.has(value))],
    onDropdownOpen: () => setOpen(true),
    onDropdownClose: () => setOpen(false),
  };
}

export function Choose(
  props: Omit<SelectProps, "data" | "value" | "limit"> & { options(): readonly Option[]; chosen: Option | null },
) {
  const { options, chosen, ...rest } = props;
  const list = useList(options, chosen ? [chosen] : []);
  return <Select {...rest} {...list} value={chosen?.value ?? null} />;
}

export function ChooseMany(
  props: Omit<MultiSelectProps, "data" | "value" | "limit"> & {
    options(): readonly Option[];
    chosen: readonly Option[];
  },
) {
  const { options, chosen, ...rest } = props;
  return <MultiSelect {...rest} {...useList(options, chosen)} value={chosen.map(({ value }) => value)} />;
}
