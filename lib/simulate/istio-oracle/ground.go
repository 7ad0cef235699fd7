package main

import (
	"encoding/json"
	"fmt"
	"sort"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"

	networking "istio.io/api/networking/v1alpha3"
	"istio.io/istio/pilot/pkg/config/kube/crd"
	"istio.io/istio/pkg/config"
)

const (
	ownerAnnotation   = "oracle/owner"
	gatewayAnnotation = "oracle/gateway"
)

// ground is the cluster that the manifests stand on: what Kubernetes itself would have made of them.
type ground struct {
	namespaces map[string]*corev1.Namespace
	services   []*corev1.Service
	pods       []*corev1.Pod
	slices     []*discoveryv1.EndpointSlice
	// gateways are the pods of Gateway resources, by namespace/name.
	gateways map[string]string
}

type selected struct {
	namespace, name string
	labels          map[string]string
}

func (g *ground) objects() []runtime.Object {
	var all []runtime.Object
	names := make([]string, 0, len(g.namespaces))
	for name := range g.namespaces {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		all = append(all, g.namespaces[name])
	}
	for _, each := range g.services {
		all = append(all, each)
	}
	for _, each := range g.pods {
		all = append(all, each)
	}
	for _, each := range g.slices {
		all = append(all, each)
	}
	return all
}

func groundOf(objects []crd.IstioKind, configs []config.Config) *ground {
	g := &ground{namespaces: map[string]*corev1.Namespace{}, gateways: map[string]string{}}
	g.namespace("istio-system", nil)
	for _, each := range configs {
		g.namespace(each.Namespace, nil)
	}
	for _, each := range objects {
		text, _ := json.Marshal(each)
		switch each.Kind {
		case "Namespace":
			g.namespace(each.Name, each.Labels)
		case "Service":
			service := &corev1.Service{}
			_ = json.Unmarshal(text, service)
			g.addService(service)
		case "Deployment", "StatefulSet", "DaemonSet":
			deployment := &appsv1.Deployment{}
			_ = json.Unmarshal(text, deployment)
			if deployment.Spec.Replicas != nil && *deployment.Spec.Replicas == 0 {
				continue
			}
			g.addPod(namespaceOf(deployment.Namespace), deployment.Name, deployment.Spec.Template, false)
		}
	}
	for _, each := range gatewaySelectors(configs) {
		g.addGateway(each)
	}
	for _, service := range g.services {
		g.addSlice(service)
	}
	return g
}

func namespaceOf(name string) string {
	if name == "" {
		return "default"
	}
	return name
}

func (g *ground) namespace(name string, own map[string]string) {
	known := g.namespaces[name]
	if known == nil {
		known = &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{}}}
		g.namespaces[name] = known
	}
	for key, value := range own {
		known.Labels[key] = value
	}
}

func (g *ground) addService(service *corev1.Service) {
	service.Namespace = namespaceOf(service.Namespace)
	g.namespace(service.Namespace, nil)
	if service.Spec.ClusterIP == "" && service.Spec.Type != corev1.ServiceTypeExternalName {
		service.Spec.ClusterIP = fmt.Sprintf("10.96.%d.%d", len(g.services)/250, len(g.services)%250+1)
	}
	for i := range service.Spec.Ports {
		port := &service.Spec.Ports[i]
		if port.Protocol == "" {
			port.Protocol = corev1.ProtocolTCP
		}
		if port.TargetPort == (intstr.IntOrString{}) {
			port.TargetPort = intstr.FromInt32(port.Port)
		}
	}
	for i, known := range g.services {
		if known.Namespace == service.Namespace && known.Name == service.Name {
			g.services[i] = service
			return
		}
	}
	g.services = append(g.services, service)
}

func (g *ground) addPod(namespace, name string, template corev1.PodTemplateSpec, isGateway bool) {
	g.namespace(namespace, nil)
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.Name, pod.Namespace = name, namespace
	if pod.Labels == nil {
		pod.Labels = map[string]string{}
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	pod.Annotations[ownerAnnotation] = name
	if pod.Spec.ServiceAccountName == "" {
		pod.Spec.ServiceAccountName = "default"
	}
	if isGateway || pod.Annotations["inject.istio.io/templates"] == "gateway" {
		pod.Annotations[gatewayAnnotation] = "true"
	}
	if !isBare(pod.ObjectMeta) {
		// as the injector labels what it injects
		pod.Labels["security.istio.io/tlsMode"] = "istio"
	}
	at := len(g.pods) + 1
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodRunning,
		// of the loopback range, so that a proxy can really listen there
		PodIP:      fmt.Sprintf("127.1.%d.%d", at/250, at%250+1),
		Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
	}
	pod.Status.PodIPs = []corev1.PodIP{{IP: pod.Status.PodIP}}
	for i, known := range g.pods {
		if known.Namespace == namespace && known.Name == name {
			g.pods[i] = pod
			return
		}
	}
	g.pods = append(g.pods, pod)
}

// isBare: it has no sidecar.
func isBare(of metav1.ObjectMeta) bool {
	return of.Annotations["sidecar.istio.io/inject"] == "false" || of.Labels["sidecar.istio.io/inject"] == "false"
}

func (g *ground) addGateway(gateway selected) {
	key := gateway.namespace + "/" + gateway.name
	for _, pod := range g.pods {
		if labels.SelectorFromSet(gateway.labels).Matches(labels.Set(pod.Labels)) {
			pod.Annotations[gatewayAnnotation] = "true"
			g.gateways[key] = pod.Namespace + "/" + pod.Annotations[ownerAnnotation]
			return
		}
	}
	template := corev1.PodTemplateSpec{}
	template.Labels = map[string]string{}
	for key, value := range gateway.labels {
		template.Labels[key] = value
	}
	template.Spec.ServiceAccountName = gateway.name
	g.addPod(gateway.namespace, gateway.name, template, true)
	g.gateways[key] = key
}

func selectorOf(each config.Config) selected {
	spec, _ := each.Spec.(*networking.Gateway)
	return selected{namespace: each.Namespace, name: each.Name, labels: spec.GetSelector()}
}

func (g *ground) addSlice(service *corev1.Service) {
	if len(service.Spec.Selector) == 0 {
		return
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Name: service.Name, Namespace: service.Namespace,
			Labels: map[string]string{discoveryv1.LabelServiceName: service.Name},
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	ready := true
	for _, pod := range g.pods {
		if pod.Namespace != service.Namespace || !labels.SelectorFromSet(service.Spec.Selector).Matches(labels.Set(pod.Labels)) {
			continue
		}
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses:  []string{pod.Status.PodIP},
			Conditions: discoveryv1.EndpointConditions{Ready: &ready},
			TargetRef:  &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
		})
		if slice.Ports == nil {
			slice.Ports = portsOf(service, pod)
		}
	}
	g.slices = append(g.slices, slice)
}

func portsOf(service *corev1.Service, pod *corev1.Pod) []discoveryv1.EndpointPort {
	ports := make([]discoveryv1.EndpointPort, 0, len(service.Spec.Ports))
	for _, port := range service.Spec.Ports {
		name, number, protocol := port.Name, port.TargetPort.IntVal, port.Protocol
		for _, container := range pod.Spec.Containers {
			for _, own := range container.Ports {
				if port.TargetPort.Type == intstr.String && own.Name == port.TargetPort.StrVal {
					number = own.ContainerPort
				}
			}
		}
		ports = append(ports, discoveryv1.EndpointPort{
			Name: &name, Port: &number, Protocol: &protocol, AppProtocol: port.AppProtocol,
		})
	}
	return ports
}

func unmarshalYAML(text string, into any) error {
	return yaml.Unmarshal([]byte(text), into)
}
