import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { BookingController } from './booking.controller';
import { HealthController } from './health.controller';

@Module({ imports: [ConfigModule.forRoot()], controllers: [BookingController, HealthController] })
export class AppModule {}
