/**
 * The prices that Nimbus comes with. They were not read from AWS's pages by a program: they are AWS's published price
 * lists (https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/index.json) as far as they were known in the month that
 * each section names, which is that of its oldest price. Prices change; `NIMBUS_PRICES` names a file with others
 * (`price-file.ts`).
 */
import type { Prices } from './prices.ts';

const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const API_GATEWAY = 'https://aws.amazon.com/api-gateway/pricing/';
const ECR = 'https://aws.amazon.com/ecr/pricing/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const EC2 = 'https://aws.amazon.com/ec2/pricing/on-demand/';
const EBS = 'https://aws.amazon.com/ebs/pricing/';
const VPC = 'https://aws.amazon.com/vpc/pricing/';
const FARGATE = 'https://aws.amazon.com/fargate/pricing/';
const EKS = 'https://aws.amazon.com/eks/pricing/';
const LOAD_BALANCER = 'https://aws.amazon.com/elasticloadbalancing/pricing/';
const FREE = 'https://aws.amazon.com/free/';

/** The same in both regions. */
const LAMBDA_ON_DEMAND = {
  perMillionRequests: 0.2,
  gbSecond: {
    x86_64: [{ upTo: 6e9, price: 0.0000166667 }, { upTo: 15e9, price: 0.000015 }, { price: 0.0000133334 }],
    arm64: [{ upTo: 7.5e9, price: 0.0000133334 }, { upTo: 18.75e9, price: 0.0000120001 }, { price: 0.0000106667 }],
  },
} as const;
const EVERYWHERE = {
  ecr: { source: ECR, known: '2026-10', gbMonth: 0.1 },
  transfer: {
    source: EC2,
    known: '2026-10',
    outGb: [
      { upTo: 10_240, price: 0.09 },
      { upTo: 51_200, price: 0.085 },
      { upTo: 153_600, price: 0.07 },
      { price: 0.05 },
    ],
  },
  publicIpv4: { source: VPC, known: '2026-10', hour: 0.005 },
  eks: { source: EKS, known: '2025-06', clusterHour: 0.1 },
  fargate: {
    source: FARGATE,
    known: '2025-06',
    vcpuHour: { x86_64: 0.04048, arm64: 0.03238 },
    gbHour: { x86_64: 0.004445, arm64: 0.00356 },
  },
  freeTier: {
    source: FREE,
    known: '2025-06',
    lambdaRequests: 1e6,
    lambdaGbSeconds: 400_000,
    logsGb: 5,
    transferOutGb: 100,
  },
} satisfies Partial<Prices>;

export const BUILT_IN_PRICES = {
  'eu-west-1': {
    lambda: {
      source: LAMBDA,
      known: '2025-06',
      ...LAMBDA_ON_DEMAND,
      provisionedGbSecond: { x86_64: 0.000004646, arm64: 0.0000037168 },
      provisionedDurationGbSecond: { x86_64: 0.0000108407, arm64: 0.0000086726 },
      storageGbSecond: 0.000000034,
    },
    apiGateway: {
      source: API_GATEWAY,
      known: '2026-10',
      perMillionRequests: [
        { upTo: 333e6, price: 3.5 },
        { upTo: 1e9, price: 3.19 },
        { upTo: 20e9, price: 2.71 },
        { price: 1.72 },
      ],
    },
    logs: { source: CLOUDWATCH, known: '2026-10', ingestedGb: 0.57, storedGbMonth: 0.03 },
    ec2: { source: EC2, known: '2025-06', t3MediumHour: 0.0456, t3SurplusVcpuHour: 0.05 },
    ebs: { source: EBS, known: '2025-06', gbMonth: 0.088 },
    loadBalancer: { source: LOAD_BALANCER, known: '2025-06', hour: 0.0252, unitHour: 0.008 },
    ...EVERYWHERE,
  },
  'us-east-1': {
    lambda: {
      source: LAMBDA,
      known: '2025-10',
      ...LAMBDA_ON_DEMAND,
      provisionedGbSecond: { x86_64: 0.0000041667, arm64: 0.0000033334 },
      provisionedDurationGbSecond: { x86_64: 0.0000097222, arm64: 0.0000077778 },
      storageGbSecond: 0.0000000309,
    },
    apiGateway: {
      source: API_GATEWAY,
      known: '2025-06',
      perMillionRequests: [
        { upTo: 333e6, price: 3.5 },
        { upTo: 1e9, price: 2.8 },
        { upTo: 20e9, price: 2.38 },
        { price: 1.51 },
      ],
    },
    logs: { source: CLOUDWATCH, known: '2026-10', ingestedGb: 0.5, storedGbMonth: 0.03 },
    ec2: { source: EC2, known: '2025-06', t3MediumHour: 0.0416, t3SurplusVcpuHour: 0.05 },
    ebs: { source: EBS, known: '2025-06', gbMonth: 0.08 },
    loadBalancer: { source: LOAD_BALANCER, known: '2025-06', hour: 0.0225, unitHour: 0.008 },
    ...EVERYWHERE,
  },
} as const satisfies Record<string, Prices>;
