"use client";
// Fields that name other objects: a service, callers, a target. Rule: a person chooses by name; the reference is written the way the
// model writes it, without the namespace when it is the object's own.
import { Group, SegmentedControl, Stack } from "@mantine/core";
import { useState } from "react";
import { Choose, ChooseMany, type Option } from "@/components/ui";
import {
  type Kind,
  type MeshIndex,
  type MeshObject,
  objectKey,
  type Path,
  type PolicyTarget,
  parseKey,
  type Ref,
  refKey,
  type ServiceRef,
  serviceRefKey,
} from "@/lib/mesh";
import { useDescription, usePolicyForm } from "./form-context";
import { keyOfTarget, kindOf, type Level, levelOf, refOfKey, targetOfKey } from "./target";

export function optionsOf(index: MeshIndex, kinds: readonly Kind[], own: string | undefined): Option[] {
  return kinds.flatMap((kind) => index.all(kind).map((object) => optionFor(object, own)));
}

/** Services and gateways, and the workloads that only call. */
export const callersIn = (index: MeshIndex, own: string | undefined): Option[] => [
  ...optionsOf(index, ["Service", "Gateway"], own),
  ...index.all("Workload").flatMap((each) => (each.spec.service === undefined ? [optionFor(each, own)] : [])),
];

/** What is chosen, also when it is not there any more. */
export function optionOf(index: MeshIndex, key: string, own: string | undefined): Option {
  const object = index.get(key);
  return object ? optionFor(object, own) : { value: key, label: `${parseKey(key)?.name ?? key} (not there)` };
}

function optionFor(object: MeshObject, own: string | undefined): Option {
  const { kind } = object;
  const where = object.metadata.namespace === own ? "" : `${object.metadata.namespace}/`;
  const what = kind === "Service" ? "" : ` (${kind === "ExternalService" ? "external" : kind.toLowerCase()})`;
  return { value: objectKey(object), label: `${where}${object.metadata.name}${what}` };
}

export function RefField(props: { path: Path; label: string; value: Ref; kinds: readonly Ref["kind"][] }) {
  const form = usePolicyForm();
  const own = form.object.metadata.namespace;
  const key = refKey(props.value, form.object);
  return (
    <Choose
      label={props.label}
      description={useDescription(props.path)}
      size="xs"
      allowDeselect={false}
      disabled={form.isReadOnly}
      chosen={optionOf(form.index, key, own)}
      options={() => optionsOf(form.index, props.kinds, own)}
      onChange={(next) => next && form.set(props.path, refOfKey(next, own))}
    />
  );
}

export function ServiceField(props: { path: Path; label: string; value: ServiceRef; isPlain?: boolean }) {
  const form = usePolicyForm();
  const own = form.object.metadata.namespace;
  const key = serviceRefKey(props.value, form.object);
  const words = useDescription(props.path);
  return (
    <Choose
      label={props.label}
      {...(props.isPlain ? {} : { description: words })}
      size="xs"
      allowDeselect={false}
      disabled={form.isReadOnly}
      chosen={optionOf(form.index, key, own)}
      options={() => optionsOf(form.index, ["Service"], own)}
      onChange={(next) => {
        const ref = next ? refOfKey(next, own) : undefined;
        if (ref)
          form.set(props.path, ref.namespace ? { namespace: ref.namespace, name: ref.name } : { name: ref.name });
      }}
    />
  );
}

/** Callers by name; several. */
export function RefsField(props: {
  path: Path;
  label: string;
  value: readonly Ref[] | undefined;
  placeholder: string;
  description?: string;
}) {
  const form = usePolicyForm();
  const own = form.object.metadata.namespace;
  const fromSchema = useDescription(props.path);
  const keys = (props.value ?? []).map((ref) => refKey(ref, form.object));
  return (
    <ChooseMany
      label={props.label}
      description={props.description ?? fromSchema}
      size="xs"
      clearable
      disabled={form.isReadOnly}
      chosen={keys.map((key) => optionOf(form.index, key, own))}
      placeholder={keys.length === 0 ? props.placeholder : ""}
      options={() => optionsOf(form.index, ["Service", "Gateway", "Workload"], own)}
      onChange={(next) => {
        // references that stay keep the way in which they are written
        const refs = next.flatMap((key) => props.value?.[keys.indexOf(key)] ?? refOfKey(key, own) ?? []);
        form.set(props.path, refs);
      }}
    />
  );
}

const plainOption = (value: string): Option => ({ value, label: value });

/** The whole mesh, a namespace, one service, or a gateway where one may be chosen. */
export function TargetField({ value, hasGateways }: { value: PolicyTarget | undefined; hasGateways?: boolean }) {
  const form = usePolicyForm();
  const own = form.object.metadata.namespace;
  const level = levelOf(value);
  const [chosen, setChosen] = useState<Level | null>(null);
  const shown = chosen ?? level;
  const kind = kindOf(shown);
  const words = useDescription(["spec", "target"]);
  const set = (target: PolicyTarget) => {
    form.set(["spec", "target"], target);
    setChosen(null);
  };
  const key = shown === level ? keyOfTarget(value, own) : null;
  const namespace = shown === level && value?.namespace ? plainOption(value.namespace) : null;
  return (
    <Stack gap={8}>
      <SegmentedControl
        size="xs"
        disabled={form.isReadOnly}
        value={shown}
        aria-label="What it is for"
        onChange={(next) => (next === "mesh" ? set({}) : setChosen(next as Level))}
        data={[
          { value: "service", label: "One service" },
          ...(hasGateways ? [{ value: "gateway", label: "A gateway" }] : []),
          { value: "namespace", label: "A namespace" },
          { value: "mesh", label: "The whole mesh" },
        ]}
      />
      {shown === "mesh" ? null : (
        <Group gap={12}>
          <Choose
            flex={1}
            size="xs"
            allowDeselect={false}
            aria-label={kind ?? "Namespace"}
            description={words}
            disabled={form.isReadOnly}
            placeholder={`Choose a ${shown}`}
            chosen={kind ? (key ? optionOf(form.index, key, own) : null) : namespace}
            options={() => (kind ? optionsOf(form.index, [kind], own) : [...form.index.namespaces].map(plainOption))}
            onChange={(next) => {
              if (!next) return;
              if (!kind) return set({ namespace: next });
              const target = targetOfKey(next, own);
              if (target) set(target);
            }}
          />
        </Group>
      )}
    </Stack>
  );
}
